import { createOutbound } from '@keymux/outbound';
import { expect, it } from 'vitest';
import { sendSmall } from './small-request.ts';

it('has no answer, and says why without the secret, when no header can hold the key', async () => {
  const outbound = createOutbound({
    environment: { httpProxy: '', httpsProxy: '', noProxy: '' },
    forbidPrivate: false,
  });
  const dispatcher = outbound.dispatcher({
    origin: 'http://127.0.0.1:9',
    proxyUrl: '',
    connectTimeoutMs: 1_000,
    idleTimeoutMs: 1_000,
    maxIdlePerHost: 1,
    maxIdleTotal: 1,
  });
  const headers = ['authorization', 'Bearer sk-sēcret'];
  const request = { method: 'GET', path: '/v1/models', headers, body: null };
  const answer = await sendSmall(dispatcher, request, new AbortController().signal);
  expect(answer).toMatchObject({ kind: 'no-answer' });
  expect(JSON.stringify(answer)).toContain('authorization');
  expect(JSON.stringify(answer)).not.toContain('cret');
  expect(outbound.counts()).toEqual({ open: 0, idle: 0 });
});
