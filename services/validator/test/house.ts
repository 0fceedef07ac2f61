import { createServer } from 'node:http';
import { createInProcessBus, createInProcessCalls, type Bus, type Calls } from '@keymux/bus';
import { createInProcessCoordination, type Coordination } from '@keymux/coordination';
import {
  groupDefaults,
  KeyCheckedSchema,
  settings,
  type GatewayGroup,
  type KeyChecked,
  type SystemSettings,
} from '@keymux/contracts';
import { createOutbound } from '@keymux/outbound';
import { createAdminAuth, createLogger, newId } from '@keymux/service';
import { createAdminApp } from '@keymux/service/admin';
import { createVault, mask, type Vault } from '@keymux/vault';
import { Compile } from 'typebox/compile';
import { createValidator, type Validator } from '../src/service.ts';

/** A validator among the real bus, calls, vault and connections, and the two services it asks. */
export interface House {
  readonly validator: Validator;
  readonly bus: Bus;
  readonly calls: Calls;
  readonly vault: Vault;
  /** Secrets of each group's keys that are due until their check was heard. */
  readonly due: Map<string, string[]>;
  /** The id of the key with a secret. */
  idOf(secret: string): string;
  /** Results of probes in the order they were heard. */
  readonly checked: KeyChecked[];
  readonly lines: string[];
  /** Tells the config's new value as the config service does. */
  change(group: GatewayGroup): Promise<void>;
  test(group: string, authKey?: string): Promise<{ status: number; body: unknown }>;
  testUpstreams(asked: object): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

export const authKey = 'admin-auth-key';

/** A group with the defaults of a new one. */
export function group(name: string, own: Partial<GatewayGroup> = {}): GatewayGroup {
  return {
    ...groupDefaults,
    name,
    channel: 'openai',
    test_model: 'test-model',
    ...own,
  };
}

const isChecked = Compile(KeyCheckedSchema);
const values: SystemSettings['values'] = Object.fromEntries(
  settings
    .filter(({ name }) => name !== 'proxy_keys')
    .map((setting) => [setting.name, setting.default]),
);

/** Starts a validator that looks at its schedule every few milliseconds. */
export async function openHouse(
  groups: GatewayGroup[],
  more: {
    readonly coordination?: Pick<Coordination, 'leases'>;
    /** Secrets of each group's keys that are due from the start. */
    readonly due?: Readonly<Record<string, string[]>>;
  } = {},
): Promise<House> {
  const lines: string[] = [];
  const log = createLogger({
    service: 'validator',
    level: 'debug',
    format: 'json',
    write: (line) => lines.push(line),
  });
  const bus = createInProcessBus({
    deadLetters: {
      park: async (_stream, _message, reason) => void lines.push(`parked: ${reason}`),
    },
    followerFailed: (error) => lines.push(String(error)),
  });
  const calls = createInProcessCalls();
  const vault = createVault('an encryption key');
  const outbound = createOutbound({
    environment: { httpProxy: '', httpsProxy: '', noProxy: '' },
    forbidPrivate: false,
  });
  const due = new Map<string, string[]>(Object.entries(more.due ?? {}));
  const checked: KeyChecked[] = [];
  let revision = 1;

  calls.answer('config.snapshot', () =>
    Promise.resolve({ revision, settings: { values, proxy_keys: [] }, groups }),
  );
  const idOf = (secret: string): string => vault.fingerprint(secret).slice(0, 16);
  // What keymanager answers.
  calls.answer('keys.due', (request) => {
    const { group: name, limit } = readGroup(request);
    const page = (due.get(name) ?? []).slice(0, Math.min(limit, 3));
    const keys = page.map((secret) => ({ id: idOf(secret), sealed: vault.seal(secret) }));
    return Promise.resolve({ keys });
  });
  calls.answer('keys.pick', (request) => {
    const [secret] = due.get(readGroup(request).group) ?? [];
    return Promise.resolve({
      key:
        secret === undefined
          ? null
          : { id: idOf(secret), sealed: vault.seal(secret), masked: mask(secret) },
    });
  });
  await bus.consume('KEY_CHECKS', { durable: 'keymanager' }, ({ data }) => {
    const result = readChecked(data);
    checked.push(result);
    const left = (due.get(result.group) ?? []).filter((secret) => idOf(secret) !== result.key_id);
    due.set(result.group, left);
    return Promise.resolve('ack');
  });

  const clock = { now: () => Date.now() };
  const auth = createAdminAuth({ authKey, clock, sessionTtlMs: 60_000 });
  // Always 0: a new group is due at once, and its next look is a whole period later.
  const validator = createValidator({
    bus,
    calls,
    vault,
    outbound,
    auth,
    coordination: more.coordination ?? createInProcessCoordination(),
    log,
    clock,
    random: () => 0,
    tickMs: 10,
  });
  await validator.start();
  const server = createServer(createAdminApp([validator.router], { log }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));

  async function post(path: string, key: string, body?: object) {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  return {
    validator,
    bus,
    calls,
    vault,
    due,
    idOf,
    checked,
    lines,
    async change(changed) {
      revision += 1;
      await bus.publish('CONFIG', {
        id: newId(),
        type: 'keymux.config.changed',
        version: 1,
        time: new Date().toISOString(),
        source: 'config',
        subject: 'config.group',
        data: { kind: 'group', revision, group: changed },
      });
    },
    test: (name, key = authKey) => post(`/api/groups/${name}/test`, key),
    testUpstreams: (asked) => post('/api/upstreams/test', authKey, asked),
    async close() {
      await validator.stop();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await outbound.destroy();
      await calls.close();
      await bus.close();
    },
  };
}

function readGroup(request: unknown): { group: string; limit: number } {
  if (typeof request !== 'object' || request === null || !('group' in request)) {
    throw new Error('no group');
  }
  const limit = 'limit' in request ? Number(request.limit) : 0;
  return { group: String(request.group), limit };
}

function readChecked(data: unknown): KeyChecked {
  if (!isChecked.Check(data)) throw new Error('not a KeyChecked');
  return data;
}
