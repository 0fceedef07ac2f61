import { setTimeout as sleep } from 'node:timers/promises';
import { settings, type Task, TaskSchema } from '@keymux/contracts';
import { readEnvironment } from '@keymux/service';
import { Compile } from 'typebox/compile';
import { readSecrets } from './secrets.ts';

const isTask = Compile(TaskSchema);
const lookMs = 250;
/** How long one may not be able to say how far it is: its store is away, or its Keymux restarts. */
const patienceMs = 60_000;

function end(code: number, message: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`keymux: ${message}\n`);
  process.exit(code);
}

const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
if (read.kind === 'invalid') end(1, `${read.variable}: ${read.message}`);
const { environment } = read;
const secrets = readSecrets(environment);
if (secrets.kind === 'invalid') end(1, secrets.message);
const { authKey } = secrets;
// A Keymux elsewhere is named by its address.
const url = process.argv[2] ?? `http://127.0.0.1:${environment.port}`;

/** A task, or why there is none. */
async function ask(method: string, path: string): Promise<Task | string> {
  const headers = { authorization: `Bearer ${authKey}` };
  const response = await fetch(new URL(path, url), { method, headers }).catch(() => null);
  if (response === null)
    return `nothing answers at ${url}: start Keymux first, or name its address`;
  const body: unknown = await response.json().catch(() => undefined);
  return isTask.Check(body) ? body : `${url} answered ${response.status} instead of a task`;
}

const begun = await ask('POST', '/api/rebuild');
if (typeof begun === 'string') end(1, begun);
let task = begun;
let heardMs = Date.now();
while (task.state === 'queued' || task.state === 'running') {
  await sleep(lookMs);
  const told = await ask('GET', `/api/tasks/${task.id}`);
  if (typeof told !== 'string') {
    task = told;
    heardMs = Date.now();
  } else if (Date.now() - heardMs > patienceMs) end(1, told);
}
const found = Object.entries(task.result).map(([name, value]) => `${name} ${String(value)}`);
if (task.state !== 'done') end(1, `the rebuild ${task.state}: ${task.error ?? found.join(', ')}`);
end(0, `rebuilt: ${found.join(', ')}`);
