import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyView } from '@keymux/contracts';
import type { Keymux } from '../product/keymux.ts';
import { fault, type Format } from '../provider-simulator/errors.ts';
import type { Simulator } from '../provider-simulator/simulator.ts';
import { castFor, flawLetters, type Flaw, type Role } from './cast.ts';
import { createChance } from './chance.ts';
import { pastRows } from './past-rows.ts';

const dayMs = 86_400_000;
const letters = 'abcdefghijkmnopqrstuvwxyz0123456789';
const prefixes = {
  openai: 'sk-proj-',
  'openai-response': 'sk-proj-',
  anthropic: 'sk-ant-api03-',
  gemini: 'AIzaSy',
} as const;
const formats: Readonly<Record<string, Format>> = { 'sk-a': 'anthropic', AIza: 'gemini' };
const faults = {
  invalid: 'invalid-key',
  quota: 'quota',
  limited: 'rate-limit',
  billing: 'billing',
} as const;

/** Fills a Keymux with groups, keys in all states, live traffic and days of logs. */
export async function fill(keymux: Keymux, simulator: Simulator, size = 1): Promise<void> {
  const roles = castFor(simulator.url);
  obeyLetters(simulator);
  const chance = createChance(3);
  for (const role of roles) {
    await keymux.api.addGroup(role.group);
    await keymux.api.importKeys(
      role.group.name,
      secretsOf(role, Math.ceil(role.keys * size), chance),
    );
  }
  await keymux.api.addGroup({
    name: 'everything',
    display_name: 'Spill-over',
    type: 'aggregate',
    channel: 'openai',
    members: [
      { group: 'openai-main', weight: 9 },
      { group: 'trial-keys', weight: 1 },
    ],
  });
  for (const role of roles) await traffic(keymux, role, Math.ceil(role.keys * size));
  const keys = new Map<string, readonly KeyView[]>();
  for (const { group } of roles) {
    const { name } = group;
    keys.set(name, await firstKeys(keymux, name));
  }
  await keymux.stop();
  writePast(keymux, { roles, keys, upstream: simulator.url, count: Math.round(240_000 * size) });
  await keymux.start();
}

async function firstKeys(keymux: Keymux, group: string): Promise<KeyView[]> {
  const reply = await keymux.api.request('GET', `/api/groups/${group}/keys?limit=400`);
  return (reply.json as { items: KeyView[] }).items;
}

function secretsOf(role: Role, count: number, chance: ReturnType<typeof createChance>): string[] {
  const text = (length: number): string =>
    Array.from({ length }, () => letters[Math.floor(chance.next() * letters.length)]).join('');
  return Array.from({ length: count }, () => {
    let dice = chance.next();
    const flaws = Object.entries(role.broken) as [Flaw, number][];
    const flaw = flaws.find(([, share]) => (dice -= share) <= 0)?.[0];
    const letter = Object.entries(flawLetters).find(([, each]) => each === flaw)?.[0] ?? 'o';
    return `${prefixes[role.group.channel]}${text(12)}_${letter}${text(18)}`;
  });
}

/** The simulator refuses a key by the letter after its `_`. */
function obeyLetters(simulator: Simulator): void {
  simulator.script({
    answer: ({ key }) => {
      const flaw = flawLetters[/_([A-Z])/.exec(key ?? '')?.[1] ?? ''];
      if (flaw === undefined) return { kind: 'usual' };
      return fault(formats[(key ?? '').slice(0, 4)] ?? 'openai', faults[flaw], 3_000);
    },
  });
}

async function traffic(keymux: Keymux, role: Role, keys: number): Promise<void> {
  const { channel, name } = role.group;
  const model = role.models[0] ?? '';
  const messages = [{ role: 'user', content: 'Say hello' }];
  const bodies = {
    openai: ['/v1/chat/completions', { model, messages }],
    'openai-response': ['/v1/responses', { model, input: 'Say hello' }],
    anthropic: ['/v1/messages', { model, messages, max_tokens: 16 }],
    gemini: [
      `/v1beta/models/${model}:generateContent`,
      { contents: [{ parts: [{ text: 'Hello' }] }] },
    ],
  } as const;
  const [path, body] = bodies[channel];
  // Few beside the past, whose charts they would flatten.
  let left = Math.min(400, keys * 2);
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const reply = await fetch(`${keymux.url}/proxy/${name}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${keymux.proxyKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      await reply.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

/** Leaves the rows where a gateway that is gone would have: in a spool, which the next start publishes. */
function writePast(
  keymux: Keymux,
  about: Pick<Parameters<typeof pastRows>[0], 'roles' | 'keys' | 'upstream' | 'count'>,
): void {
  const toMs = Date.now();
  const rows = pastRows({ ...about, fromMs: toMs - 3 * dayMs, toMs });
  const folder = join(keymux.dataDir, 'spool', 'gateway-9');
  mkdirSync(folder, { recursive: true });
  const lines = rows.map(
    (row) => `r\t${row.group}\t\t${row.request_id}\t${row.time}\t${JSON.stringify(row)}\n`,
  );
  writeFileSync(join(folder, '0000000001.spool'), lines.join(''));
}
