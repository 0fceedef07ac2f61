import { parentPort, workerData } from 'node:worker_threads';
import { SqliteLogStore } from '../sqlite/sqlite-log-store.ts';
import {
  callStore,
  type NumberedCall,
  type ThreadAnswer,
  type ThreadBoot,
} from './thread-calls.ts';

// Both ends are this program.
const store = new SqliteLogStore(workerData as ThreadBoot);

async function answer({ id, call }: NumberedCall): Promise<ThreadAnswer> {
  try {
    return { id, json: JSON.stringify((await callStore(store, call)) ?? null) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', async (message: NumberedCall) => {
  parentPort?.postMessage(await answer(message));
  if (message.call.kind === 'close') parentPort?.close();
});
