import type { TSchema } from 'typebox';

export type ServiceName = 'config' | 'keymanager' | 'logsink' | 'validator' | 'edge';

/** A response that is not JSON. */
export type RawResponse = 'text' | 'ndjson' | 'csv' | 'sse' | 'empty';

/** What a call accepts as its body; `stream` leaves reading it to the handler. */
export interface OperationBody {
  readonly json?: TSchema;
  readonly text?: true;
  readonly multipart?: true;
  readonly stream?: true;
}

/** One call of the admin API: routes, validates and documents from the same row. */
export interface Operation {
  readonly id: string;
  readonly owner: ServiceName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A path with `{parameters}`, such as `/api/groups/{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly auth: 'admin' | 'none';
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: OperationBody;
  readonly responses: Readonly<Record<number, TSchema | RawResponse>>;
}
