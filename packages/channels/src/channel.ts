import type { ChannelName } from '@keymux/contracts';
import type { ErrorFacts } from './error-facts.ts';
import type { JsonObject } from './json-value.ts';
import type { ModelList } from './model-list.ts';
import type { TokenCounts } from './token-counts.ts';

/** What tells whether a request asks for a stream. */
export interface StreamingFacts {
  readonly method: string;
  /** Path at the upstream, without the query. */
  readonly path: string;
  /** With or without its question mark. */
  readonly query: string;
  readonly accept: string | null;
  /** `stream` of a JSON body; undefined when it has none. */
  readonly bodyStream: boolean | undefined;
}

/** The smallest call that tells whether a key works. */
export interface Probe {
  readonly method: string;
  readonly path: string;
  /** JSON, or null for none. */
  readonly body: string | null;
}

/** An error that Keymux itself makes. */
export interface OwnError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** What an event of a stream is: `preamble` comes before anything the model said. */
export type EventKind = 'content' | 'preamble';

/** One provider's wire format: all that Keymux knows of it. */
export interface Channel {
  readonly name: ChannelName;
  readonly defaults: { readonly testModel: string; readonly baseUrl: string };
  /** Flat list of names and values to add for the upstream; client header names are lower-case. */
  credentialHeaders(
    secret: string,
    path: string,
    clientHeaderNames: { has(name: string): boolean },
  ): string[];
  isStreaming(facts: StreamingFacts): boolean;
  /** The model that a request asks for, or null. */
  modelOf(request: { readonly path: string; readonly bodyModel: string | null }): string | null;
  /** The path with another model in it; the same path when the model is not in the path. */
  withModel(path: string, model: string): string;
  /** Whether a call may be sent again though the upstream may have acted on it: it creates nothing. */
  inference(method: string, path: string): boolean;
  /** `validationEndpoint` is a path, or `GET /path`; empty for the channel's own. */
  probe(options: { readonly testModel: string; readonly validationEndpoint?: string }): Probe;
  readonly models: ModelList;
  /** Where the provider's SDKs look for the id of a request. */
  readonly requestIdHeader: 'x-request-id' | 'request-id';
  /** JSON in the shape that makes the provider's SDKs raise their usual exception. */
  errorBody(error: OwnError): string;
  /** What an error answer of an upstream says; never throws, whatever the body is. */
  errorFacts(
    status: number,
    headers: Readonly<Record<string, string>>,
    bodyText: string,
  ): ErrorFacts;
  /** Tokens that an event or a body tells of; null when it is not of this format or has none. */
  usageOf(json: JsonObject): TokenCounts | null;
  /** What an event that is no error is; null when it is not of this format. */
  eventKind(json: JsonObject): EventKind | null;
}
