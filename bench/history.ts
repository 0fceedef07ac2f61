import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyOutcome } from '@keymux/contracts';
import { startMongoDb } from '@keymux/parts/mongodb';
import { startKeymanager } from './keymanager.ts';

const keys = Number(process.env['KEYS'] ?? 100_000);
const outcomes = Number(process.env['OUTCOMES'] ?? 1_000_000);
const longLife = Number(process.env['LONG_LIFE'] ?? 100_000);
const perBatch = 500;
const dayMs = 86_400_000;

const mongodb = process.argv.includes('--mongodb') ? await startMongoDb() : undefined;
const running = await startKeymanager(mongodb?.part.url);
const { clock, ask, ended, hear, keyStore } = running;
const endMs = clock.nowMs;
const startMs = endMs - dayMs;
const iso = (ms: number): string => new Date(ms).toISOString();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function importKeys(group: string, count: number): Promise<string[]> {
  const secrets = Array.from(
    { length: count },
    (_, n) => `sk-${group}-${String(n).padStart(24, '0')}`,
  );
  await ended(await ask('POST', `/api/groups/${group}/keys`, JSON.stringify({ keys: secrets })));
  const pool = await keyStore.roster.pools.open(group);
  const request = { poolId: pool.id, filter: {}, order: 'created_at', limit: 1_000 } as const;
  const ids: string[] = [];
  for (let after = null; ;) {
    const page = await keyStore.roster.list.page({ ...request, direction: 'ascending', after });
    ids.push(...page.keys.map(({ id }) => id));
    if (page.next === null) return ids;
    after = page.next;
  }
}

// Of every ten: five failures that count, four successes after them, one rest. Each is an event.
const troubled = (n: number): 'success' | 'count' | 'cooldown' =>
  n % 10 === 9 ? 'cooldown' : n % 2 === 1 ? 'success' : 'count';
// One in ten fails, as in a bad hour.
const usual = (n: number): 'success' | 'count' | 'cooldown' =>
  n % 200 === 0 ? 'cooldown' : n % 10 === 0 ? 'count' : 'success';

function outcomeOf(id: string, n: number, kind: ReturnType<typeof usual>): KeyOutcome {
  const at = iso(clock.nowMs);
  if (kind === 'success') return { kind: 'success', key_id: id, at, count: 1, request_id: `r${n}` };
  const rests = kind === 'cooldown';
  const said = rests ? 'Rate limit reached for requests' : 'Incorrect API key provided';
  return {
    kind: 'failure',
    key_id: id,
    at,
    verdict: rests ? 'cooldown' : 'count',
    rule: rests ? 'rate-limit' : 'unauthorized',
    status: rests ? 429 : 401,
    message: said,
    upstream: 'https://api.openai.com',
    model: 'gpt-5-mini',
    until: rests ? iso(clock.nowMs + 60_000) : null,
    request_id: `r${n}`,
    attempt: {
      kind: 'answered',
      error: { message: said, code: 'some_code', type: null },
      text: said,
      hint_ms: null,
      sent: true,
      committed: false,
      method: 'POST',
      model: 'gpt-5-mini',
      inference: true,
      random: 0.5,
      number: 1,
      retry: 'other-key',
      alike: null,
      pool_size: keys,
      after_success: true,
    },
  };
}

// Ten in a row are of one key, and whichever keys are near each other in time are not so in the pool.
async function live(
  part: readonly [number, number],
  group: string,
  ids: readonly string[],
  count: number,
  kindOf = troubled,
): Promise<void> {
  const batches = Math.ceil(count / perBatch);
  const [from, to] = part.map((share) => Math.ceil(share * batches) * perBatch);
  for (let at = from ?? 0; at < Math.min(count, to ?? 0); at += perBatch) {
    clock.nowMs = Math.floor(startMs + (at / count) * dayMs);
    const batch = Array.from({ length: Math.min(perBatch, count - at) }, (_, n) => {
      const key = Math.imul(Math.floor((at + n) / 10), 7_919) % ids.length;
      return outcomeOf(ids[key] ?? '', at + n, kindOf(at + n));
    });
    await hear(group, batch);
  }
}

/** How long something takes, and the longest that this process did nothing else meanwhile. */
async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const stalls = monitorEventLoopDelay({ resolution: 5 });
  stalls.enable();
  const usedBefore = process.cpuUsage();
  const beganMs = performance.now();
  const result = await work();
  const ms = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(usedBefore);
  // A stall is seen when it is over.
  await sleep(20);
  stalls.disable();
  say(
    `| ${name} | ${ms.toFixed(0)} ms | ${((user + system) / 1_000).toFixed(0)} ms | ${(stalls.max / 1e6).toFixed(0)} ms |`,
  );
  return result;
}

const short = (value: unknown): string => JSON.stringify(value).slice(0, 300);

try {
  say(
    `${keys} keys, ${outcomes} outcomes, a key with ${longLife} events, over ${mongodb === undefined ? 'SQLite' : mongodb.real ? 'MongoDB' : 'mongo-java-server'}, ${availableParallelism()} cores`,
  );
  say('| | takes | CPU | longest stall |\n| --- | --- | --- | --- |');
  clock.nowMs = startMs;
  const ids = await timed(`import of ${keys} keys`, () => importKeys('main', keys));
  const [long = ''] = await importKeys('long', 1);
  const busy = await importKeys('busy', keys / 10);
  await timed(`hearing ${2 * outcomes + longLife} outcomes of a day`, async () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const part = [hour / 24, (hour + 1) / 24] as const;
      await live(part, 'main', ids, outcomes);
      await live(part, 'long', [long], longLife);
      await live(part, 'busy', busy, outcomes, usual);
      // A day has quiet seconds.
      await sleep(1_500);
    }
  });
  clock.nowMs = endMs;
  for (const share of [1, 0.5, 0.01]) {
    const at = iso(startMs + share * dayMs);
    const ago = `${((1 - share) * 24).toFixed(1)} h ago`;
    await timed(`first look at the long life ${ago}`, () =>
      ask('GET', `/api/keys/${long}/state?at=${at}`),
    );
  }
  await timed('the newest page of its history', () => ask('GET', `/api/keys/${long}/history`));
  for (const share of [1, 0.9, 0.5, 0.1]) {
    const at = iso(startMs + share * dayMs);
    const ago = `${((1 - share) * 24).toFixed(1)} h ago`;
    await timed(`first look at the pool ${ago}`, () =>
      ask('GET', `/api/groups/main/pool?at=${at}`),
    );
  }
  const what = { from: iso(startMs), to: iso(endMs + 1) };
  const strict = { blacklist_threshold: 2, error_rules: [{ status: 429, verdict: 'blacklist' }] };
  for (const [group, of] of [
    ['busy', 'one in ten a failure'],
    ['main', 'most of them failures'],
  ] as const) {
    for (const [name, config] of [
      ['as it ran', {}],
      ['stricter', strict],
    ] as const) {
      const body = JSON.stringify({ ...what, config });
      const path = `/api/groups/${group}/policy/simulate`;
      await timed(`what if, ${outcomes} outcomes, ${of}, ${name}`, () => ask('POST', path, body));
    }
  }
  await timed('what if, the last hour of them', () =>
    ask(
      'POST',
      '/api/groups/main/policy/simulate',
      JSON.stringify({ ...what, from: iso(endMs - dayMs / 24), config: strict }),
    ),
  );
  const rebuilt = await timed('rebuild', async () => ended(await ask('POST', '/api/rebuild')));
  say(short(rebuilt));
  await timed('first look at the long life after it', () =>
    ask('GET', `/api/keys/${long}/state?at=${iso(endMs)}`),
  );
  await timed('first look at the pool after it, 12 h ago', () =>
    ask('GET', `/api/groups/main/pool?at=${iso(startMs + dayMs / 2)}`),
  );
} finally {
  await running.close();
  await mongodb?.part.stop();
}
