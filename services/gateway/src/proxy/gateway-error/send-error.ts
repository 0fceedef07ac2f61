import type { ServerResponse } from 'node:http';
import type { Channel } from '@keymux/channels';
import { type GatewayErrorCode, gatewayErrors } from './gateway-error.ts';
import { requestIdHeader } from '../headers/response-headers.ts';

/** Answers with an error of ours, in the channel's shape, so that SDKs raise their usual exception. */
export function sendGatewayError(
  res: ServerResponse,
  channel: Channel,
  code: GatewayErrorCode,
  about: { readonly requestId: string; readonly headers: readonly string[] },
): void {
  const { status, message } = gatewayErrors[code];
  const body = Buffer.from(channel.errorBody({ status, code, message }));
  res.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    requestIdHeader,
    about.requestId,
    ...(channel.requestIdHeader === requestIdHeader
      ? []
      : [channel.requestIdHeader, about.requestId]),
    'x-keymux-error',
    code,
    ...about.headers,
  ]);
  res.end(body);
}
