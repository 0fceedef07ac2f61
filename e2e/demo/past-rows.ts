import type { AtFault, Attempt, KeyView, LogRow } from '@keymux/contracts';
import type { Role } from './cast.ts';
import { createChance } from './chance.ts';

const clients = [
  'OpenAI/Python 3.54.0',
  'OpenAI/JS 7.57.0',
  'Anthropic/Python 2.12.0',
  'google-genai-sdk/3.4.0',
  'langchain-openai/2.1.0',
];
const paths = {
  openai: '/v1/chat/completions',
  'openai-response': '/v1/responses',
  anthropic: '/v1/messages',
  gemini: '/v1beta/models',
} as const;

const failures: readonly { status: number; at: AtFault; rule: string; error: string }[] = [
  {
    status: 429,
    at: 'key',
    rule: 'rate-limit',
    error: 'Rate limit reached on requests per min (RPM): Limit 500, Used 500, Requested 1.',
  },
  {
    status: 500,
    at: 'upstream',
    rule: 'server-error',
    error: 'The server had an error while processing your request.',
  },
  {
    status: 400,
    at: 'client',
    rule: 'bad-request',
    error: "Invalid type for 'messages': expected an array of objects.",
  },
  { status: 529, at: 'upstream', rule: 'overloaded', error: 'Overloaded' },
  { status: 499, at: 'client', rule: 'client-gone', error: 'the client went away' },
];

/** A UUIDv7 of a moment. */
function idAt(ms: number, next: () => number): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-a${hex(3)}-${hex(12)}`;
}

/** More by day than by night, with a little weather. */
const weightAt = (ms: number): number =>
  0.35 + 0.65 * Math.max(0, Math.sin(((ms % 86_400_000) / 86_400_000) * 2 * Math.PI - 1.1));

/** Rows of requests of the last days, as a gateway would have written them; oldest first. */
export function pastRows(about: {
  readonly roles: readonly Role[];
  readonly keys: ReadonlyMap<string, readonly KeyView[]>;
  readonly upstream: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}): LogRow[] {
  const { roles, keys, upstream, fromMs, toMs, count } = about;
  const chance = createChance(7);
  const pick = <T>(list: readonly T[]): T => {
    const found = list[Math.floor(chance.next() * list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  const rows: LogRow[] = [];
  while (rows.length < count) {
    const ms = fromMs + chance.next() * (toMs - fromMs);
    if (chance.next() > weightAt(ms)) continue;
    let dice = chance.next();
    const role = roles.find((each) => (dice -= each.traffic) <= 0) ?? roles[0];
    if (role === undefined) break;
    rows.push(rowAt(ms, role));
  }
  return rows.toSorted((a, b) => a.time.localeCompare(b.time));

  function rowAt(ms: number, role: Role): LogRow {
    // An hour of trouble yesterday, for the chart to show.
    const storm = Math.abs(toMs - ms - 19 * 3_600_000) < 1_800_000 ? 0.12 : 0;
    const failed = chance.next() < role.errorShare + storm;
    const failure = failed ? pick(failures) : null;
    const model = pick(role.models);
    const streaming = chance.next() < 0.6 && !model.includes('embedding');
    const duration = chance.around(role.typicalMs) * (failed ? 0.3 : 1);
    const retried = failure === null && chance.next() < 0.06;
    const { channel, name } = role.group;
    const attempts: Attempt[] = [
      ...(retried ? [attempt(role, 429, 'cooldown', 'rate-limit', chance.around(140))] : []),
      attempt(role, failure?.status ?? 200, verdictOf(failure?.at), failure?.rule ?? '', duration),
    ];
    const input = Math.round(chance.around(900));
    const output = Math.round(chance.around(240));
    return {
      request_id: idAt(ms, chance.next),
      time: new Date(ms).toISOString(),
      group: name,
      aggregate: null,
      channel,
      proxy_key: chance.next() < 0.7 ? 'global 1' : `${name} 1`,
      method: 'POST',
      path: channel === 'gemini' ? `${paths.gemini}/${model}:generateContent` : paths[channel],
      model,
      model_sent: model,
      streaming,
      status: failure?.status ?? 200,
      at_fault: failure?.at ?? null,
      error: failure?.error ?? null,
      attempts,
      ttfb_ms: streaming ? duration * 0.2 : duration * 0.98,
      duration_ms: duration + (retried ? 150 : 0),
      bytes_in: input * 4 + 300,
      bytes_out: failed ? 280 : output * 38,
      tokens: failed
        ? { input: null, output: null, cached: null, reasoning: null }
        : { input, output, cached: Math.round(input * 0.4), reasoning: null },
      source_ip: `10.20.${Math.floor(chance.next() * 4)}.${10 + Math.floor(chance.next() * 60)}`,
      user_agent: pick(clients),
      revision: 6,
      trace_id: null,
    };
  }

  function attempt(
    role: Role,
    status: number,
    verdict: Attempt['verdict'],
    rule: string,
    ms: number,
  ): Attempt {
    const key = pick(keys.get(role.group.name) ?? []);
    return { key_id: key.id, key: key.masked, upstream, status, verdict, rule, ms };
  }
}

function verdictOf(at: AtFault | undefined): Attempt['verdict'] {
  if (at === undefined) return 'success';
  return at === 'key' ? 'cooldown' : at === 'upstream' ? 'upstream' : 'pass';
}
