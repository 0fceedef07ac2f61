import { Agent, request } from 'node:http';

/** What a load was and how long its requests took. */
export interface Load {
  readonly url: string;
  readonly key: string;
  readonly requests: number;
  readonly connections: number;
  readonly stream: boolean;
  /** Beside those that every client sends. */
  readonly headers?: Readonly<Record<string, string>>;
}

const body = Buffer.from(
  JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: 'x'.repeat(400) }] }),
);
const streamBody = Buffer.from(
  JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: 'x' }] }),
);

/** Sends so many requests over so many connections; gives the time of each, ms. Throws on any other answer than 200. */
export async function run(load: Load): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const url = new URL(load.url);
  const times: number[] = [];
  let left = load.requests;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const startMs = performance.now();
      const bytes = load.stream ? streamBody : body;
      const req = request(
        url,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${load.key}`,
            'content-type': 'application/json',
            'content-length': bytes.length,
            ...load.headers,
          },
        },
        (res) => {
          if (res.statusCode !== 200) reject(new Error(`${load.url} answered ${res.statusCode}`));
          res.on('error', reject);
          res.resume();
          res.on('end', () => {
            times.push(performance.now() - startMs);
            resolve();
          });
        },
      );
      req.on('error', reject);
      req.end(bytes);
    });
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: load.connections }, worker));
  agent.destroy();
  return times;
}
