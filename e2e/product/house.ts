import type { ChannelName, NewGroup } from '@keymux/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../provider-simulator/simulator.ts';
import { startKeymux, type Keymux, type KeymuxOptions } from './keymux.ts';

/** A product and a provider for the tests of one file. */
export interface House {
  readonly keymux: Keymux;
  readonly simulator: Simulator;
}

export interface HouseOptions extends KeymuxOptions {
  readonly simulator?: SimulatorOptions;
}

/** Starts both before the tests of a file and ends them after; a failing test prints the product's log. */
export function useHouse(options: HouseOptions = {}): House {
  let keymux: Keymux | undefined;
  let simulator: Simulator | undefined;
  beforeAll(async () => {
    simulator = await startSimulator(options.simulator);
    keymux = await startKeymux(options);
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      process.stderr.write(`--- keymux's log, last part\n${keymux?.logs().slice(-8000)}\n---\n`);
    });
  });
  afterEach(() => simulator?.reset());
  afterAll(async () => {
    await keymux?.close();
    await simulator?.close();
  });
  return {
    get keymux() {
      if (keymux === undefined) throw new Error('the house is not open yet');
      return keymux;
    },
    get simulator() {
      if (simulator === undefined) throw new Error('the house is not open yet');
      return simulator;
    },
  };
}

let names = 0;

/** A name that no other group of this run has. */
export function groupName(about = 'g'): string {
  names += 1;
  return `${about}-${names}`;
}

/** Secrets of keys, none of which another group of this run has. */
export function secretsFor(group: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `sk-${group}-${String(at).padStart(5, '0')}-end`);
}

/** Upstreams of a simulator. */
export const at = (simulator: Simulator): { url: string; weight: number }[] => [
  { url: simulator.url, weight: 1 },
];

/** Adds a group with keys and waits until the gateway serves with every one of them; then forgets those hits. */
export async function addServing(
  { keymux, simulator }: House,
  group: Partial<NewGroup> & { channel: ChannelName },
  keys: number | readonly string[] = 1,
): Promise<{ name: string; url: string; secrets: readonly string[] }> {
  const name = group.name ?? groupName();
  const secrets = typeof keys === 'number' ? secretsFor(name, keys) : keys;
  await keymux.api.addGroup({ upstreams: at(simulator), ...group, name });
  await keymux.api.importKeys(name, secrets);
  const url = `${keymux.url}/proxy/${name}`;
  await untilServing({ keymux, simulator }, url, group.channel, secrets);
  simulator.forget();
  return { name, url, secrets };
}

/** A harmless request of each channel. */
export const modelsPath = (channel: ChannelName): string =>
  channel === 'gemini' ? '/v1beta/models' : '/v1/models';

/** Waits until each of these keys was used. */
export async function untilServing(
  { keymux, simulator }: House,
  url: string,
  channel: ChannelName,
  secrets: readonly string[],
): Promise<void> {
  // Not `expect.poll`, which works in tests alone and not in their hooks.
  await vi.waitUntil(
    async () => {
      const reply = await fetch(url + modelsPath(channel), {
        headers: { authorization: `Bearer ${keymux.proxyKey}` },
      });
      await reply.arrayBuffer();
      return secrets.every((each) => simulator.keyCounts.has(each));
    },
    { timeout: 30_000, interval: 5 },
  );
}
