import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A provider in a process of its own. */
export interface Provider {
  readonly url: string;
  stop(): void;
}

/** Starts the provider that every load ends at. */
export async function startProvider(): Promise<Provider> {
  const child = fork(fileURLToPath(new URL('./upstream.ts', import.meta.url)));
  const port = await new Promise<number>((resolve) => {
    child.once('message', (said) => resolve(Number(said)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill() };
}
