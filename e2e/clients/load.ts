import { Agent, request } from 'undici';

/** What came of one request of a load. */
export interface LoadResult {
  readonly status: number;
  readonly requestId: string;
  /** Why there was no whole answer; empty when there was. */
  readonly failure: string;
}

export interface Load {
  readonly results: readonly LoadResult[];
  /** Waits until so many requests are over. */
  reached(count: number): Promise<void>;
  /** Waits until so many requests were answered with 200. */
  answered(count: number): Promise<void>;
  /** Lets running requests end and starts no more. */
  stop(): Promise<readonly LoadResult[]>;
}

export interface LoadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many clients ask, each one thing at a time. */
  readonly clients: number;
  /** Ends by itself after so many requests. */
  readonly requests?: number;
}

/** Clients that ask without pause. */
export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({ connections: options.clients, pipelining: 1 });
  const results: LoadResult[] = [];
  const waiting: { isReached: () => boolean; resolve: () => void }[] = [];
  const answers = () => results.filter(({ status }) => status === 200).length;
  const until = (isReached: () => boolean): Promise<void> =>
    isReached()
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ isReached, resolve }));
  let left = options.requests ?? Number.POSITIVE_INFINITY;
  let stopping = false;

  async function one(): Promise<LoadResult> {
    let status = 0;
    let requestId = '';
    try {
      const reply = await request(options.url, {
        dispatcher: agent,
        method: 'POST',
        headers: options.headers,
        body: options.body,
      });
      status = reply.statusCode;
      const id = reply.headers['x-request-id'];
      requestId = typeof id === 'string' ? id : '';
      await reply.body.arrayBuffer();
      return { status, requestId, failure: '' };
    } catch (error) {
      return { status, requestId, failure: String(error) };
    }
  }

  async function client(): Promise<void> {
    while (!stopping && left > 0) {
      left -= 1;
      results.push(await one());
      for (const each of waiting) if (each.isReached()) each.resolve();
    }
  }

  const clients = Promise.all(Array.from({ length: options.clients }, client));
  return {
    results,
    reached: (count) => until(() => results.length >= count),
    answered: (count) => until(() => answers() >= count),
    async stop() {
      stopping = options.requests === undefined;
      await clients;
      await agent.close();
      return results;
    },
  };
}
