import { setTimeout as sleep } from 'node:timers/promises';
import { type Task, TaskSchema } from '@keymux/contracts';
import { Compile } from 'typebox/compile';
import { commandEnvironment, endCommand } from './command.ts';
import { existingAuthKey } from './secrets.ts';

const isTask = Compile(TaskSchema);
const lookMs = 250;
/** How long one may not be able to say how far it is: its store is away, or its Keymux restarts. */
const patienceMs = 60_000;

const environment = commandEnvironment();
const auth = existingAuthKey(environment);
if (auth.kind === 'invalid') endCommand(1, auth.message);
const { secret: authKey } = auth;
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
if (typeof begun === 'string') endCommand(1, begun);
let task = begun;
let heardMs = Date.now();
while (task.state === 'queued' || task.state === 'running') {
  await sleep(lookMs);
  const told = await ask('GET', `/api/tasks/${task.id}`);
  if (typeof told !== 'string') {
    task = told;
    heardMs = Date.now();
  } else if (Date.now() - heardMs > patienceMs) endCommand(1, told);
}
const found = Object.entries(task.result).map(([name, value]) => `${name} ${String(value)}`);
if (task.state !== 'done')
  endCommand(1, `the rebuild ${task.state}: ${task.error ?? found.join(', ')}`);
endCommand(0, `rebuilt: ${found.join(', ')}`);
