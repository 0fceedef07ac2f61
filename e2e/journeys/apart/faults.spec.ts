import { setTimeout as pause } from 'node:timers/promises';
import { type KeyStatus, keymanagerOperations, type KeyView } from '@keymux/contracts';
import type { Part } from '@keymux/parts/part';
import { describe, expect, it } from 'vitest';
import { completionOf, credentialOf } from '../../clients/ask.ts';
import { type Load, type LoadResult, startLoad, tagHeader } from '../../clients/load.ts';
import type { Child } from '../../product/distributed/child.ts';
import { useApart } from '../../product/distributed/use-apart.ts';
import { at, secretsFor } from '../../product/house.ts';
import { reconcile } from '../../product/reconcile.ts';
import { fault } from '../../provider-simulator/errors.ts';
import type { Hit } from '../../provider-simulator/hit.ts';

/** `KEYMUX_FAULTS=long`: both gateways too, everything for longer than any patience in the product, in rounds. */
const isLong = process.env['KEYMUX_FAULTS'] === 'long';
const rounds = isLong ? 2 : 1;
/** The bus hands what a process held to another after 30 s, and every client has given a server up by then. */
const stoppedMs = isLong ? 40_000 : 2_500;
/** Requests that each gateway must go on to answer while something is away. */
const answersMeanwhile = isLong ? 240 : 12;

const servers = ['nats', 'mongodb', 'redis'] as const;
const services = ['config-1', 'keymanager-1', 'logsink-1', 'validator-1', 'gateway-2'];
const others = isLong ? ['gateway-1'] : [];
/** Killed: all of them. Stopped: one of each service. */
const faults = Array.from({ length: rounds }).flatMap(() => [
  ...[...services, 'keymanager-2', 'validator-2', ...others, ...servers].map((name) => ({
    name,
    what: 'is killed' as const,
  })),
  ...[...services, ...others, ...servers].map((name) => ({ name, what: 'hangs' as const })),
]);

const group = 'faults';
/** One for each fault goes bad while it lasts; these are well all the time, but for one that fails now and then. */
const wellKeys = 6;
const secrets = secretsFor(group, faults.length + wellKeys);
const [flaky = ''] = secrets;
const toGoBad = secrets.slice(wellKeys);

const house = useApart({ simulator: { betweenChunksMs: 1 } });
const loads = new Map<string, Load[]>();
/** Secret → id of the key. */
const idOf = new Map<string, string>();
const refused = new Set<Hit>();
/** The keys that the provider refuses now, and what ends that. */
const bad: string[] = [];
const ends: (() => void)[] = [];
/** Of clients whose gateway was killed. */
const excused = new Set<LoadResult>();

const allLoads = (): Load[] => [...loads.values()].flat();
const url = (gateway: Child): string => `${gateway.url}/proxy/${group}`;
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 150_000, interval: 250 });

async function startLoads(): Promise<void> {
  // A limit that nobody reaches, so that Redis is asked for every attempt.
  const config = { key_rpm_limit: 1_000_000 };
  await house.apart.api.addGroup({
    name: group,
    channel: 'openai',
    upstreams: at(house.simulator),
    config,
  });
  await house.apart.api.importKeys(group, secrets);
  for (const secret of secrets) idOf.set(secret, (await house.apart.api.key(group, secret)).id);
  await untilAgreed();
  let hitsOfFlaky = 0;
  house.simulator.script({
    match: { key: flaky },
    answer: (hit) => ((hitsOfFlaky += 1) % 60 === 0 ? refuse(hit) : { kind: 'usual' }),
  });
  for (const gateway of house.apart.gateways) {
    const started = [false, true].map((stream) => {
      const { path, headers, body } = completionOf('openai', { stream });
      return startLoad({
        url: url(gateway) + path,
        headers: { ...headers, ...credentialOf('openai', house.apart.proxyKey) },
        body,
        clients: stream ? 1 : 2,
        pauseMs: 250,
        name: `${gateway.name}-${stream ? 'stream' : 'plain'}`,
      });
    });
    loads.set(gateway.name, started);
  }
}
/** Requests of a gateway's clients that were not answered as they should be. */
function failuresAt(gateway: string): LoadResult[] {
  return (loads.get(gateway) ?? [])
    .flatMap(({ results }) => results)
    .filter((each) => (each.status !== 200 || each.failure !== '') && !excused.has(each));
}

/** The keys that a gateway uses from now on, after every usable one's turn. */
async function usedBy(gateway: string): Promise<string[]> {
  const from = house.simulator.hits.length;
  const used = (): string[] =>
    house.simulator.hits.slice(from).flatMap(({ headers, key }) => {
      const tag = headers[tagHeader];
      return typeof tag === 'string' && tag.startsWith(gateway) && key !== null ? [key] : [];
    });
  await eventually(() => used().length > 2 * secrets.length).toBe(true);
  return [...new Set(used())].toSorted();
}

async function keysBySecret(): Promise<Map<string, KeyView>> {
  const byId = new Map((await house.apart.api.keys(group)).map((key) => [key.id, key]));
  return new Map(
    secrets.flatMap((secret) => {
      const key = byId.get(idOf.get(secret) ?? '');
      return key === undefined ? [] : [[secret, key] as const];
    }),
  );
}

function refuse(hit: Hit) {
  refused.add(hit);
  return fault('openai', 'invalid-key');
}

/** From now on the provider refuses another key; resolves when it did so as often as a verdict needs. */
async function oneGoesBad(): Promise<void> {
  const secret = toGoBad[bad.length] ?? '';
  bad.push(secret);
  let times = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  ends.push(
    house.simulator.script({
      match: { key: secret },
      answer: (hit) => {
        times += 1;
        if (times === 3) resolve();
        return refuse(hit);
      },
    }),
  );
  await promise;
}

/** Waits until every client of these gateways has been answered again and again. */
async function goOn(gateways: readonly string[]): Promise<void> {
  const those = gateways.flatMap((name) => loads.get(name) ?? []);
  await Promise.all(those.map((load) => load.answered(load.answers + answersMeanwhile / 3)));
}

/** A gateway's view of the pool, from its metrics. */
async function standingAt({ metricsUrl }: Child): Promise<Record<'revision' | 'usable', number>> {
  const text = await (await fetch(metricsUrl)).text();
  const read = (name: string): number =>
    Number(
      new RegExp(`^keymux_pool_${name}\\{.*group="${group}".*\\} (\\d+)$`, 'm').exec(text)?.[1],
    );
  return { revision: read('revision'), usable: read('usable_keys') };
}

/** The secrets of the keys that keymanager calls so. */
async function secretsOf(status: KeyStatus): Promise<string[]> {
  const ids = new Set((await house.apart.api.keys(group, { status })).map(({ id }) => id));
  return secrets.filter((secret) => ids.has(idOf.get(secret) ?? ''));
}

/**
 * Waits until keymanager has given up the keys that went bad, and no other, and all gateways say the
 * same. Meanwhile nobody asks: however slow this machine is, it catches up.
 */
async function untilAgreed(): Promise<void> {
  const goOnWithLoads = allLoads().map((load) => load.rest());
  await eventually(() => secretsOf('blacklisted')).toEqual(bad);
  await eventually(async () => {
    const [active, ...all] = await Promise.all([
      secretsOf('active'),
      ...house.apart.gateways.map(standingAt),
    ]);
    const revisions = new Set(all.map(({ revision }) => revision));
    return revisions.size === 1 && all.every(({ usable }) => usable === active.length);
  }).toBe(true);
  for (const goOn of goOnWithLoads) goOn();
}

/** What a fault befalls: a service, or a server that is ours to harm. */
function victim(name: string): { kill: Part['kill']; restart(): Promise<void> } {
  const server = servers.find((each) => each === name);
  if (server === undefined) {
    const child = house.apart.child(name);
    return { kill: (signal) => child.kill(signal), restart: async () => child.restart() };
  }
  const part = house.apart.servers[server];
  if (part === null) throw new Error(`${name} is not this test's to harm`);
  return part;
}

// A MongoDB that MONGODB_URL names belongs to somebody else: its own faults are not tried then.
const ours = faults.filter(({ name }) => name !== 'mongodb' || !process.env['MONGODB_URL']);

describe('under load', () => {
  it('both gateways serve with every key', async () => {
    await startLoads();
    for (const name of loads.keys()) expect(await usedBy(name)).toEqual(secrets);
  });

  it.each(ours)('no client notices when $name $what', async ({ name, what }) => {
    const harmed = victim(name);
    const standing = house.apart.gateways.map((each) => each.name).filter((each) => each !== name);
    if (what === 'is killed') {
      await harmed.kill('SIGKILL');
      await Promise.all([oneGoesBad(), goOn(standing)]);
      await harmed.restart();
    } else {
      await harmed.kill('SIGSTOP');
      await Promise.all([oneGoesBad(), goOn(standing), pause(stoppedMs)]);
      await harmed.kill('SIGCONT');
    }
    await house.apart.ready();
    await goOn([...loads.keys()]);
    await untilAgreed();
    // But for those whose connections were the killed gateway's: they had no answer, and no wrong one.
    if (what === 'is killed') {
      for (const each of failuresAt(name)) if (each.failure !== '') excused.add(each);
    }
    expect([...loads.keys()].flatMap(failuresAt)).toEqual([]);
  });

  it('every gateway uses the keys that keymanager calls active, and no other', async () => {
    const active = secrets.filter((secret) => !bad.includes(secret));
    for (const name of loads.keys()) expect(await usedBy(name)).toEqual(active);
  });

  it('keys that are well again come back at every gateway', async () => {
    for (const end of ends.splice(0)) end();
    bad.length = 0;
    const body = { action: 'validate', status: 'blacklisted', restore_passing: true };
    const params = { name: group };
    const { id } = await house.apart.api.call(keymanagerOperations.actOnKeys, { params, body });
    expect(await house.apart.api.taskEnd(id)).toMatchObject({ state: 'done' });
    await untilAgreed();
    for (const name of loads.keys()) expect(await usedBy(name)).toEqual(secrets);
  });

  it('clients, provider, log and keymanager have the same account of every request', async () => {
    const results = (await Promise.all(allLoads().map((load) => load.stop()))).flat();
    const { hits } = house.simulator;
    await eventually(async () => {
      const [rows, keys] = await Promise.all([house.apart.api.logs({ group }), keysBySecret()]);
      return reconcile({ results, hits, refused, rows, keys }).slice(0, 20);
    }).toEqual([]);
    expect(results.length).toBeGreaterThan(faults.length * answersMeanwhile);
  });

  it('nothing of it was an error', () => {
    const errors = house.apart.logs().match(/^.*\b(ERROR|FATAL)\b.*$/gm) ?? [];
    expect(errors).toEqual([]);
  });
});
