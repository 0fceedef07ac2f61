/** A text that one row of the first day has. */
export const rareId = 'req_once_in_five_million';

const groups = [
  { name: 'main', channel: 'openai', models: ['gpt-5', 'gpt-5-mini', 'gpt-4.1'], share: 50 },
  { name: 'spare', channel: 'openai', models: ['gpt-5', 'gpt-4.1'], share: 20 },
  { name: 'claude', channel: 'anthropic', models: ['claude-opus', 'claude-haiku'], share: 15 },
  { name: 'gemini', channel: 'gemini', models: ['gemini-pro', 'gemini-flash'], share: 15 },
] as const;
const byShare = groups.flatMap((group) => Array.from({ length: group.share }, () => group));
const agents = Array.from({ length: 15 }, (_, at) => `OpenAI/Python 3.${at}.0`);
const outcomes = [
  { below: 2, status: 429, fault: 'key', error: 'Rate limit reached for organization' },
  { below: 3, status: 500, fault: 'upstream', error: 'The server had an error: timeout' },
  { below: 4, status: 529, fault: 'upstream', error: 'Overloaded: try again later' },
  { below: 5, status: 400, fault: 'client', error: 'Invalid type for messages[0].content' },
  { below: 5.5, status: 401, fault: 'key', error: 'Incorrect API key provided' },
  { below: 6, status: 499, fault: 'client', error: 'the client went away' },
  { below: 6.1, status: 503, fault: 'gateway', error: 'no usable key' },
] as const;

// Always the same rows: a linear congruence in place of chance.
function chanceOf(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * below;
  };
}

function idAt(timeMs: number, nth: number): string {
  const time = timeMs.toString(16).padStart(12, '0');
  const tail = (nth % 0x1000000).toString(16).padStart(6, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3)}-000000000000`;
}

/** Newline separated rows number `at` to `at + count` of so many that a range of time has. */
export function logBatch(asked: {
  readonly at: number;
  readonly count: number;
  readonly rows: number;
  readonly startMs: number;
  readonly endMs: number;
}): string {
  const { at, count, rows, startMs, endMs } = asked;
  return Array.from({ length: count }, (_, nth) => {
    const number = at + nth;
    return rowText(number, Math.floor(startMs + ((endMs - startMs) * number) / rows), rows);
  }).join('\n');
}

function rowText(number: number, timeMs: number, rows: number): string {
  const chance = chanceOf(number);
  const group = byShare[Math.floor(chance(100))] ?? groups[0];
  const rare = number % (rows / 50) === 7;
  const roll = chance(100);
  const bad = outcomes.find(({ below }) => roll < below);
  const model = group.models[Math.floor(chance(group.models.length))] ?? null;
  const key = Math.floor(chance(1_000));
  const upstreamId = number === 1_000 ? rareId : `req_${number.toString(36)}${key}`;
  const failed = bad ?? (number === 1_000 ? outcomes[1] : undefined);
  const status = failed?.status ?? 200;
  const ms = Math.round(200 + chance(3_000));
  return JSON.stringify({
    request_id: idAt(timeMs, number),
    time: new Date(timeMs).toISOString(),
    group: rare ? 'rare' : group.name,
    aggregate: group.name === 'spare' && chance(10) < 5 ? 'all' : null,
    channel: group.channel,
    proxy_key: `team-${Math.floor(chance(8))}`,
    method: 'POST',
    path: chance(200) < 1 ? `/v1/files/file-${number}` : '/v1/chat/completions',
    model: number % (rows / 5) === 11 ? 'rare-model' : model,
    model_sent: model,
    streaming: chance(2) < 1,
    status,
    at_fault: failed?.fault ?? null,
    error: failed === undefined ? null : `${failed.error} (${number % 5_000})`,
    attempts: [
      {
        key_id: `key-${key}`,
        key: 'sk-abc…wxyz',
        upstream: 'https://api.example.com',
        status,
        verdict: failed === undefined ? 'success' : 'pass',
        rule: 'as the table says',
        ms,
      },
    ],
    ttfb_ms: Math.round(ms / 3),
    duration_ms: ms,
    bytes_in: 900,
    bytes_out: 1_800,
    tokens: { input: 210, output: 340, cached: null, reasoning: null },
    source_ip: '10.0.0.1',
    user_agent: agents[Math.floor(chance(agents.length))],
    revision: 12,
    trace_id: null,
    upstream_request_id: upstreamId,
  });
}
