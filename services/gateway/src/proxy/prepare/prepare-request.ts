import type { Readable } from 'node:stream';
import { applyHeaderRules } from '@keymux/channels';
import type { LiveStandardGroup } from '../../live-config/live-group.ts';
import type { GatewayErrorCode } from '../gateway-error/gateway-error.ts';
import type { RequestBody } from '../body/request-body.ts';
import { loopHeader, type RequestHeaders } from '../headers/request-headers.ts';
import { rewriteBody } from './rewrite.ts';

/** Longest body that a group's rules are applied to, in bytes. */
const maxRewriteBytes = 64 * 1024 * 1024;

/** What a group makes of a request: all that is the same for each of its keys and upstreams. */
export interface Prepared {
  /** Why the request cannot be sent through this group; null when it can. */
  readonly refused: GatewayErrorCode | null;
  /** The model that is asked for. */
  readonly model: string | null;
  readonly path: string;
  /** Flat list, without credentials. */
  readonly headers: readonly string[];
  readonly open: () => Buffer | Readable | null;
}

export interface UnpreparedRequest {
  readonly headers: RequestHeaders;
  readonly body: RequestBody;
  readonly path: string;
  readonly bodyModel: string | null;
  readonly via: string;
}

/** Applies a group's rules to a request; without rules the bytes go on as they came. */
export function prepareRequest(group: LiveStandardGroup, request: UnpreparedRequest): Prepared {
  const { channel, rewrite, headerRules } = group;
  const { headers, body, bodyModel } = request;
  const asked = channel.modelOf({ path: request.path, bodyModel });
  let model = asked;
  let path = request.path;
  let replaced: Buffer | null = null;
  let refused: GatewayErrorCode | null = null;
  if (rewrite !== null) {
    // What names no type but a model is JSON, too: its model was read.
    const saysJson = headers.contentType?.includes('json') ?? bodyModel !== null;
    const json = saysJson && body.lengthBytes !== 0;
    const { modelAt } = body.asked;
    const changes = json || (modelAt !== undefined && rewrite.modelRedirects.has(asked ?? ''));
    const tooLarge = changes && (!body.replayable || body.sizeBytes > maxRewriteBytes);
    if (tooLarge) refused = 'body_too_large';
    else {
      const read = () => body.readAll();
      const result = rewriteBody(rewrite, { json, modelAt, model: asked, read });
      if (result.kind === 'model-not-allowed') refused = 'model_not_allowed';
      else if (result.kind === 'not-json') refused = 'body_unreadable';
      else {
        model = result.model;
        replaced = result.body;
        if (model !== null && model !== asked) path = channel.withModel(path, model);
      }
    }
  }
  const flat =
    headerRules.length === 0
      ? headers.forwarded
      : applyHeaderRules(headers.forwarded, headerRules, { group: group.name, model });
  const length = replaced === null ? body.lengthBytes : replaced.length;
  const prepared = flat.slice();
  if (length !== null && length !== 0) prepared.push('content-length', String(length));
  prepared.push(loopHeader, request.via);
  return {
    refused,
    model,
    path,
    headers: prepared,
    open: () => replaced ?? body.open(),
  };
}
