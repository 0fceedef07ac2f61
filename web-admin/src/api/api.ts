import { inject, Injectable } from '@angular/core';
import { addressOf } from './address.ts';
import { Connection } from './connection.ts';
import { type Operations, routes } from './generated.ts';
import { isAway, readProblem, ServerAway } from './problem.ts';

export type OperationId = keyof Operations;
export type Answer<Id extends OperationId> = Operations[Id]['answer'];
export type Query<Id extends OperationId> = NonNullable<Operations[Id]['query']>;

/** What goes into a call. */
export interface Asked<Id extends OperationId> {
  readonly path?: Operations[Id]['path'];
  readonly query?: Operations[Id]['query'];
  readonly body?: Operations[Id]['body'];
  /** Refuses the change when the entity is not at this revision any more. */
  readonly ifMatch?: number;
  readonly signal?: AbortSignal;
}

/** Calls the admin API; the types come from its OpenAPI document. */
@Injectable({ providedIn: 'root' })
export class Api {
  readonly #connection = inject(Connection);

  /** Rejects with `ApiProblem` for what the server refuses, with `ServerAway` when it is not there. */
  async call<Id extends OperationId>(id: Id, asked: Asked<Id> = {}): Promise<Answer<Id>> {
    const { method, path } = routes[id];
    const { ifMatch, signal } = asked;
    const body: unknown = asked.body;
    const raw = typeof body === 'string' || body instanceof Blob;
    const json = body !== undefined && !raw && !(body instanceof FormData);
    const answer = await this.#reached(signal, () =>
      fetch(addressOf(path, asked.path, asked.query), {
        method,
        headers: {
          ...(json ? { 'content-type': 'application/json' } : {}),
          ...(raw ? { 'content-type': 'text/plain' } : {}),
          ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
        },
        ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as BodyInit) }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
    if (isAway(answer.status)) this.#connection.lost();
    else this.#connection.heard();
    if (!answer.ok) {
      const problem = await this.#reached(signal, () => readProblem(answer));
      if (problem.status === 401 && id !== 'login') this.#connection.signedOut();
      throw problem;
    }
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return (isJson ? await this.#reached(signal, () => answer.json()) : undefined) as Answer<Id>;
  }

  /** Anything that breaks off, be it after the answer began, means that the server is away. */
  async #reached<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const given = signal?.aborted === true && !isTimeout(signal.reason);
      if (given || error instanceof SyntaxError) throw error;
      this.#connection.lost();
      throw new ServerAway('', { cause: error });
    }
  }
}

const isTimeout = (reason: unknown): boolean =>
  reason instanceof DOMException && reason.name === 'TimeoutError';
