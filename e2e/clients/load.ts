import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** What came of one request of a load. */
export interface LoadResult {
  readonly status: number;
  readonly requestId: string;
  /** Why there was no whole answer; empty when there was. */
  readonly failure: string;
  /** What it was told apart by; empty in a load without a name. */
  readonly tag: string;
}

export interface Load {
  readonly results: readonly LoadResult[];
  /** How many were answered with 200. */
  readonly answers: number;
  /** Waits until so many requests are over. */
  reached(count: number): Promise<void>;
  /** Waits until so many requests were answered with 200. */
  answered(count: number): Promise<void>;
  /** Lets running requests end and starts no more until the result is called. */
  rest(): () => void;
  /** Lets running requests end and starts no more. */
  stop(): Promise<readonly LoadResult[]>;
}

export interface LoadOptions {
  /** Several are asked in turn. */
  readonly url: string | readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many clients ask, each one thing at a time. */
  readonly clients: number;
  /** Ends by itself after so many requests. */
  readonly requests?: number;
  /** Between an answer and the next request of a client, ms; none by default. */
  readonly pauseMs?: number;
  /** Each request then says in a header of this load's own which one it is. */
  readonly name?: string;
}

/** The header that tells the requests of loads with a name apart. */
export const tagHeader = 'x-load-tag';

/** Clients that ask again and again. */
export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({ connections: options.clients, pipelining: 1 });
  const urls = [options.url].flat();
  const results: LoadResult[] = [];
  const waiting: { isReached: () => boolean; resolve: () => void }[] = [];
  let answers = 0;
  let numbers = 0;
  const until = (isReached: () => boolean): Promise<void> =>
    isReached()
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ isReached, resolve }));
  let left = options.requests ?? Number.POSITIVE_INFINITY;
  let stopping = false;
  let resting = Promise.resolve();

  async function one(): Promise<LoadResult> {
    let status = 0;
    let requestId = '';
    numbers += 1;
    const tag = options.name === undefined ? '' : `${options.name}-${numbers}`;
    const url = urls[numbers % urls.length] ?? '';
    try {
      const reply = await request(url, {
        dispatcher: agent,
        method: 'POST',
        headers: tag === '' ? options.headers : { ...options.headers, [tagHeader]: tag },
        body: options.body,
      });
      status = reply.statusCode;
      const id = reply.headers['x-request-id'];
      requestId = typeof id === 'string' ? id : '';
      await reply.body.arrayBuffer();
      return { status, requestId, failure: '', tag };
    } catch (error) {
      return { status, requestId, failure: String(error), tag };
    }
  }

  async function client(): Promise<void> {
    while (!stopping && left > 0) {
      left -= 1;
      const result = await one();
      results.push(result);
      if (result.status === 200) answers += 1;
      for (const each of waiting) if (each.isReached()) each.resolve();
      if (options.pauseMs !== undefined) await setTimeout(options.pauseMs);
      await resting;
    }
  }

  const clients = Promise.all(Array.from({ length: options.clients }, client));
  return {
    results,
    get answers() {
      return answers;
    },
    reached: (count) => until(() => results.length >= count),
    answered: (count) => until(() => answers >= count),
    rest() {
      const { promise, resolve } = Promise.withResolvers<void>();
      resting = promise;
      return resolve;
    },
    async stop() {
      stopping = options.requests === undefined;
      await clients;
      await agent.close();
      return results;
    },
  };
}
