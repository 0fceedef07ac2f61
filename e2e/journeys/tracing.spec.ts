import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { startCollector, type CollectedSpan } from '../product/collector.ts';
import { addServing, useHouse } from '../product/house.ts';
import { fault } from '../provider-simulator/errors.ts';

const collector = await startCollector();
const house = useHouse({
  env: {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=keymux',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  },
});
let serving: Awaited<ReturnType<typeof addServing>>;
afterAll(() => collector.close());
beforeEach(async () => {
  serving = await addServing(house, { channel: 'openai' }, 2);
});

/** The spans of a request: its own and those of its attempts, in their order. */
async function spansOf(requestId: string) {
  const find = (): CollectedSpan | undefined =>
    collector.spans.find((each) => each.attributes['keymux.request_id'] === requestId);
  await expect.poll(find, { timeout: 30_000 }).toBeDefined();
  const request = find();
  const attempts = collector.spans
    .filter((each) => each.parentSpanId === request?.spanId)
    .toSorted((a, b) =>
      Number(a.attributes['http.request.resend_count']) <
      Number(b.attributes['http.request.resend_count'])
        ? -1
        : 1,
    );
  return { request, attempts };
}

describe('the trace of a request', () => {
  it('has a span of the request and one of each attempt, and the log row names it', async () => {
    house.simulator.script({ times: 1, answer: fault('openai', 'invalid-key') });
    const reply = await ask(serving.url, 'openai', house.keymux.proxyKey);
    expect(reply.status).toBe(200);
    const { request, attempts } = await spansOf(reply.requestId);
    const row = await house.keymux.api.log(reply.requestId);
    expect(request).toMatchObject({
      name: `POST /proxy/${serving.name}`,
      kind: 'server',
      parentSpanId: '',
      traceId: row.trace_id,
      durationMs: row.duration_ms,
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'url.path': '/v1/chat/completions',
        'gen_ai.request.model': 'gpt-4o-mini',
        'gen_ai.usage.input_tokens': row.tokens.input,
        'keymux.group': serving.name,
      },
      resource: {
        'service.name': 'keymux-gateway',
        'deployment.environment.name': 'test',
      },
    });
    expect(attempts).toMatchObject([
      {
        name: 'attempt',
        kind: 'client',
        failed: true,
        attributes: { 'http.response.status_code': 401, 'keymux.verdict': 'count' },
      },
      {
        kind: 'client',
        failed: false,
        attributes: { 'http.response.status_code': 200, 'keymux.verdict': 'success' },
      },
    ]);
    expect(collector.headers[0]?.['x-tenant']).toBe('keymux');
    const text = JSON.stringify(collector.spans);
    for (const secret of [...serving.secrets, house.keymux.proxyKey]) {
      expect(text).not.toContain(secret);
    }
  });

  it("goes on in the client's trace, whose header reaches the provider unchanged", async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const headers = { traceparent };
    const reply = await ask(serving.url, 'openai', house.keymux.proxyKey, { headers });
    const { request } = await spansOf(reply.requestId);
    expect(request).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' });
    expect(house.simulator.hits.at(-1)?.headers['traceparent']).toBe(traceparent);
    // Not sampled there, so not here either; the row still names the trace.
    const unsampled = { traceparent: `00-${'ab'.repeat(16)}-00f067aa0ba902b7-00` };
    const quiet = await ask(serving.url, 'openai', house.keymux.proxyKey, { headers: unsampled });
    const next = await ask(serving.url, 'openai', house.keymux.proxyKey);
    await spansOf(next.requestId);
    expect(collector.spans.map((each) => each.traceId)).not.toContain('ab'.repeat(16));
    expect((await house.keymux.api.log(quiet.requestId)).trace_id).toBe('ab'.repeat(16));
  });

  it('fails where the gateway answered with an error', async () => {
    const reply = await ask(`${house.keymux.url}/proxy/nobody`, 'openai', house.keymux.proxyKey);
    expect(reply.status).toBe(404);
    house.simulator.script({ answer: fault('openai', 'server-error') });
    const failed = await ask(serving.url, 'openai', house.keymux.proxyKey);
    const { request } = await spansOf(failed.requestId);
    expect(request).toMatchObject({ failed: true, attributes: { 'error.type': '500' } });
    expect((await spansOf(reply.requestId)).request).toMatchObject({ failed: false });
  });

  it('never holds up a request when the collector does not answer', async () => {
    await collector.close();
    for (let each = 0; each < 5; each += 1) {
      expect((await ask(serving.url, 'openai', house.keymux.proxyKey)).status).toBe(200);
    }
    await expect.poll(() => house.keymux.logs(), { timeout: 30_000 }).toContain('OpenTelemetry');
    expect((await house.keymux.stop()).code).toBe(0);
  });
});
