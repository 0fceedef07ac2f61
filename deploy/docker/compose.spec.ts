import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settings } from '@keymux/contracts';
import { environmentReference, readEnvironment } from '@keymux/service';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const secretsAt = '/run/secrets/';

/** As far as the files go; an attribute that is not here has to be added, and looked at. */
const strict = { additionalProperties: false };
const Healthcheck = Type.Object(
  {
    test: Type.Array(Type.String()),
    interval: Type.Optional(Type.String()),
    timeout: Type.Optional(Type.String()),
    start_period: Type.Optional(Type.String()),
    start_interval: Type.Optional(Type.String()),
  },
  strict,
);
const ComposeService = Type.Object(
  {
    image: Type.String({ pattern: '^(keymux|[a-z]+:\\d+\\.\\d+[a-z.-]*)$' }),
    build: Type.Optional(
      Type.Object({ context: Type.String(), dockerfile: Type.String() }, strict),
    ),
    command: Type.Optional(Type.Array(Type.String())),
    hostname: Type.Optional(Type.String()),
    restart: Type.Literal('unless-stopped'),
    ports: Type.Optional(Type.Array(Type.String())),
    env_file: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), required: Type.Boolean() }, strict)),
    ),
    environment: Type.Optional(Type.Record(Type.String(), Type.String())),
    secrets: Type.Optional(Type.Array(Type.String())),
    volumes: Type.Optional(Type.Array(Type.String())),
    networks: Type.Optional(Type.Array(Type.String())),
    depends_on: Type.Optional(
      Type.Union([
        Type.Array(Type.String()),
        Type.Record(
          Type.String(),
          Type.Object({ condition: Type.Literal('service_healthy') }, strict),
        ),
      ]),
    ),
    healthcheck: Type.Optional(Healthcheck),
    read_only: Type.Optional(Type.Literal(true)),
    tmpfs: Type.Optional(Type.Array(Type.String())),
    cap_drop: Type.Optional(Type.Array(Type.String())),
    security_opt: Type.Optional(Type.Array(Type.String())),
    stop_grace_period: Type.Optional(Type.String()),
  },
  strict,
);
const Compose = Type.Object({
  name: Type.String(),
  services: Type.Record(Type.String(), ComposeService),
  volumes: Type.Record(Type.String(), Type.Null()),
  networks: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  secrets: Type.Optional(Type.Record(Type.String(), Type.Object({ file: Type.String() }, strict))),
});
type ComposeService = Static<typeof ComposeService>;

const read = (file: string): Static<typeof Compose> =>
  Value.Parse(Compose, parse(readFileSync(join(root, file), 'utf8'), { merge: true }));

const reference = environmentReference(settings);
const known = new Set(reference.flatMap(({ name, fileName = name }) => [name, fileName]));
const folder = mkdtempSync(join(tmpdir(), 'keymux-compose-'));
/** A secret of the files, in a file of this machine. */
const secretFile = (path: string): string => join(folder, path.slice(secretsAt.length));

beforeAll(() => {
  for (const name of ['auth_key', 'encryption_key']) {
    writeFileSync(join(folder, name), '0123456789abcdef0123456789abcdef');
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['docker-compose.yml', 'docker-compose.apart.yml'])('%s', (file) => {
  const compose = read(file);
  const all = Object.entries(compose.services);
  const ours = all.filter(([, { image }]) => image === 'keymux');
  const variablesOf = (service: ComposeService): Record<string, string> =>
    service.environment ?? {};
  const programOf = ({ command }: ComposeService): string =>
    command?.at(-1) ?? 'services/standalone/src/main.ts';
  const isGateway = (service: ComposeService): boolean =>
    programOf(service) === 'services/gateway/src/main.ts';

  it.each(ours)(
    'gives %s variables that the product reads, with values that it takes',
    (_, one) => {
      const variables = variablesOf(one);
      expect(Object.keys(variables).filter((name) => !known.has(name))).toEqual([]);
      const here = Object.entries(variables).map(([name, value]) => [
        name,
        value.startsWith(secretsAt) ? secretFile(value) : value,
      ]);
      const env = Object.fromEntries(here);
      expect(readEnvironment({ env, settings, envFile: join(folder, 'none') })).toMatchObject({
        kind: 'environment',
      });
    },
  );

  it.each(ours)('gives %s what its program cannot do without', (_, one) => {
    const program = readFileSync(join(root, programOf(one)), 'utf8');
    const needed = Array.from(program.matchAll(/needVariable\('(\w+)'/g), ([, name = '']) => name);
    const given = Object.keys(variablesOf(one)).map((name) => name.replace(/_FILE$/, ''));
    expect(given).toEqual(expect.arrayContaining(needed));
  });

  it.each(ours)('gives %s the secrets that its variables name, and no others', (_, one) => {
    const named = Object.values(variablesOf(one)).filter((value) => value.startsWith(secretsAt));
    const granted = (one.secrets ?? []).map((name) => `${secretsAt}${name}`);
    expect(granted.toSorted()).toEqual(named.toSorted());
    const declared = Object.keys(compose.secrets ?? {});
    expect(declared).toEqual(expect.arrayContaining([...(one.secrets ?? [])]));
  });

  it.each(ours)('lets %s write to a volume of its own and to nothing else', (_, one) => {
    expect(one).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    const [volume = ''] = one.volumes ?? [];
    const [name = '', path] = volume.split(':');
    expect(path).toBe(variablesOf(one)['DATA_DIR']);
    expect(Object.keys(compose.volumes)).toContain(name);
    const users = all.filter(([, { volumes = [] }]) =>
      volumes.some((each) => each.startsWith(`${name}:`)),
    );
    expect(users).toHaveLength(1);
  });

  it.each(ours)('leaves %s the time that a stop takes', (_, one) => {
    const graceful = reference.find(({ name }) => name === 'SERVER_GRACEFUL_SHUTDOWN_TIMEOUT');
    // What closing takes comes on top.
    const seconds = Number.parseInt(one.stop_grace_period ?? '', 10);
    expect(seconds).toBeGreaterThanOrEqual(Number(graceful?.default) + 10);
  });

  it('publishes ports of gateways alone', () => {
    for (const [name, one] of all) {
      const inside = (one.ports ?? []).map((port) => port.split('}:')[1]);
      const serves = ours.length === 1 || isGateway(one);
      expect(inside, name).toEqual(serves ? [variablesOf(one)['PORT']] : []);
    }
  });

  it('names hosts and ports where somebody is, on a network of both', () => {
    const ports: Record<string, string> = { nats: '4222', mongodb: '27017', redis: '6379' };
    for (const [name, one] of ours) {
      const urls = Object.values(variablesOf(one)).filter((value) => value.includes('://'));
      for (const { hostname, port } of urls.map((url) => new URL(url))) {
        const there = compose.services[hostname];
        expect(there, `${name} asks ${hostname}`).toBeDefined();
        const expected = there?.environment?.['SERVICE_PORT'] ?? ports[hostname];
        expect(port, `${name} asks ${hostname}`).toBe(expected);
        const shared = (one.networks ?? []).filter((net) => there?.networks?.includes(net));
        expect(shared, `${name} asks ${hostname}`).not.toEqual([]);
      }
    }
  });

  it('waits for the health of what has a health check, and for nobody who is not there', () => {
    for (const [name, { depends_on: needs = [] }] of all) {
      for (const need of Array.isArray(needs) ? needs : Object.keys(needs)) {
        const there = compose.services[need];
        expect(there, `${name} needs ${need}`).toBeDefined();
        if (!Array.isArray(needs)) expect(there?.healthcheck, need).toBeDefined();
      }
    }
  });

  it('names programs, networks and files that there are', () => {
    for (const [name, one] of all) {
      if (one.image === 'keymux') expect(existsSync(join(root, programOf(one))), name).toBe(true);
      const networks = Object.keys(compose.networks ?? {});
      expect(networks).toEqual(expect.arrayContaining([...(one.networks ?? [])]));
      if (one.build !== undefined) {
        expect(existsSync(join(root, one.build.context, one.build.dockerfile))).toBe(true);
      }
      const mounted = (one.volumes ?? []).filter((volume) => volume.startsWith('./'));
      for (const volume of mounted) {
        expect(existsSync(join(root, volume.split(':')[0] ?? ''))).toBe(true);
      }
    }
  });
});

it('docker-compose.apart.yml has every service', () => {
  const folders = readdirSync(join(root, 'services')).filter((name) => name !== 'standalone');
  const programs = folders.map((name) => `services/${name}/src/main.ts`);
  const { services } = read('docker-compose.apart.yml');
  const run = Object.values(services).flatMap(({ command = [] }) => command);
  expect(run).toEqual(expect.arrayContaining(programs));
});
