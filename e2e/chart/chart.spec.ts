import { settings } from '@keymux/contracts';
import { helm, helmPatienceMs } from '@keymux/parts/helm';
import { kubernetesObjections } from '@keymux/parts/kubernetes-validate';
import { environmentReference, readEnvironment } from '@keymux/service';
import { beforeAll, describe, expect, it } from 'vitest';
import { clearTexts, houses, leastApart } from './houses.ts';
import {
  componentOf,
  containerOf,
  type KubernetesObject,
  networkPoliciesOf,
  type PodMonitor,
  secretsOf,
  selects,
  servicesOf,
  type Variable,
  workloadsOf,
} from './objects.ts';
import { lint, objectsOf } from './render.ts';

const reference = environmentReference(settings);
beforeAll(async () => {
  await helm();
}, helmPatienceMs);

/** The text of a variable, out of the Secrets of the chart where it stands there. */
function textOf(variable: Variable, objects: readonly KubernetesObject[]): string {
  const ref = variable.valueFrom?.secretKeyRef;
  if (ref === undefined) return variable.value ?? '';
  const secret = secretsOf(objects).find(({ metadata }) => metadata.name === ref.name);
  return Buffer.from(secret?.data[ref.key] ?? '', 'base64').toString();
}

const quantities = { Mi: 1024 ** 2, Gi: 1024 ** 3 } as const;
function bytesOf(quantity: string): number {
  const [, digits, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return unit === 'Mi' || unit === 'Gi' ? Number(digits) * quantities[unit] : Number.NaN;
}

describe.each(Object.entries(houses))('the chart, %s,', (name, values) => {
  let text = '';
  let objects: readonly KubernetesObject[] = [];
  beforeAll(async () => {
    ({ text, objects } = await objectsOf(values, ['--namespace', 'ai']));
  });

  it('is what Kubernetes takes', { timeout: 600_000 }, async () => {
    // What is on there has all kinds and fields; an older Kubernetes has nothing to say to a part of them.
    const versions = name.includes('everything') ? ['1.27', '1.37'] : ['1.37'];
    const { passed, objections } = await kubernetesObjections(text, versions);
    const foreign = objects.filter(({ kind }) => kind === 'PodMonitor');
    expect(objections).toEqual(
      versions.flatMap(() => foreign.map(() => expect.stringContaining('kind PodMonitor'))),
    );
    expect(passed).toBe(versions.length * (objects.length - foreign.length));
  });

  it('has nothing that Helm finds fault with', async () => {
    expect(await lint(values)).toBe('');
  });

  it('names each object once, in the namespace of the release', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const each of objects) expect(each.metadata).toMatchObject({ namespace: 'ai' });
  });

  it('selects pods that there are, and balances over those of one service', () => {
    const workloads = workloadsOf(objects);
    const chosenBy = (selector: Readonly<Record<string, string>>) =>
      workloads.filter(({ spec }) => selects(selector, spec.template.metadata.labels));
    for (const each of workloads) expect(chosenBy(each.spec.selector.matchLabels)).toEqual([each]);
    for (const { spec } of servicesOf(objects)) {
      const [chosen, ...others] = chosenBy(spec.selector);
      expect(others).toEqual([]);
      const ports = chosen === undefined ? [] : containerOf(chosen).ports.map((port) => port.name);
      for (const port of spec.ports) expect(ports).toContain(port.targetPort);
    }
    for (const { spec } of networkPoliciesOf(objects)) {
      const [chosen, ...others] = chosenBy(spec.podSelector.matchLabels);
      expect(others).toEqual([]);
      const ports = chosen === undefined ? [] : containerOf(chosen).ports.map((port) => port.name);
      const named = spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
      expect(named.toSorted()).toEqual(ports.toSorted());
    }
    for (const each of workloads.filter(({ kind }) => kind === 'StatefulSet')) {
      const service = servicesOf(objects).find(
        ({ metadata }) => metadata.name === each.spec.serviceName,
      );
      expect(service?.spec.clusterIP).toBe('None');
      expect(chosenBy(service?.spec.selector ?? {})).toEqual([each]);
    }
  });

  it('tells each process what it reads, once, in a way that it understands', () => {
    const known = new Set(reference.map((row) => row.name));
    const foreign = ['NODE_EXTRA_CA_CERTS'];
    for (const workload of workloadsOf(objects)) {
      const { env } = containerOf(workload);
      const names = env.map((each) => each.name);
      expect(names.filter((each) => !known.has(each) && !foreign.includes(each))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
      const told = Object.fromEntries(env.map((each) => [each.name, textOf(each, objects)]));
      expect(readEnvironment({ env: told, settings, envFile: '/none' })).toMatchObject({
        kind: 'environment',
        environment: { dataDir: '/data', metricsPort: 9464 },
      });
    }
  });

  it('keeps every secret in Secrets', () => {
    const secret = new Set(
      reference.filter((row) => row.fileName !== undefined).map((r) => r.name),
    );
    for (const workload of workloadsOf(objects)) {
      for (const each of containerOf(workload).env) {
        expect({ name: each.name, clear: each.value !== undefined }).toEqual({
          name: each.name,
          clear: !secret.has(each.name),
        });
      }
    }
    const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    for (const each of [...Object.values(clearTexts), '-password']) {
      expect(others).not.toContain(each);
      expect(others).not.toContain(Buffer.from(each).toString('base64'));
    }
    // What a pod is told of a Secret of the chart's own is in it.
    const own = new Map(secretsOf(objects).map(({ metadata, data }) => [metadata.name, data]));
    for (const { valueFrom } of workloadsOf(objects).flatMap((each) => containerOf(each).env)) {
      const data = own.get(valueFrom?.secretKeyRef.name ?? '');
      if (data !== undefined) expect(Object.keys(data)).toContain(valueFrom?.secretKeyRef.key);
    }
  });

  it('asks each process for its life and its readiness, and waits for its start', () => {
    for (const workload of workloadsOf(objects)) {
      const container = containerOf(workload);
      const port = container.ports[0]?.name;
      expect(container).toMatchObject({
        startupProbe: { httpGet: { path: '/healthz', port } },
        livenessProbe: { httpGet: { path: '/healthz', port } },
        readinessProbe: { httpGet: { path: '/readyz', port } },
      });
      const { periodSeconds, failureThreshold } = container.startupProbe;
      expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(300);
    }
  });

  it('gives each process longer than it takes to stop', () => {
    for (const workload of workloadsOf(objects)) {
      const { env, lifecycle } = containerOf(workload);
      const before = Number(lifecycle?.preStop.exec.command[1]);
      const name = 'SERVER_GRACEFUL_SHUTDOWN_TIMEOUT';
      const graceful = Number(env.find((each) => each.name === name)?.value);
      // packages/service/src/lifecycle.ts: 5 s beyond its grace it ends itself.
      expect(workload.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(
        before + graceful + 5,
      );
    }
  });

  it('runs as nobody in particular, and writes nowhere but to its volumes', () => {
    for (const workload of workloadsOf(objects)) {
      const { spec } = workload.spec.template;
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
      });
      expect(containerOf(workload).securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      const volumes = spec.volumes.map((each) => each.name);
      const claims = workload.spec.volumeClaimTemplates?.map((each) => each.metadata.name) ?? [];
      const mounts = new Map(containerOf(workload).volumeMounts.map((m) => [m.mountPath, m.name]));
      expect([...volumes, ...claims]).toContain(mounts.get('/data'));
      expect(volumes).toContain(mounts.get('/tmp'));
    }
  });

  it('keeps on volumes what must survive a pod', () => {
    const shared = name.includes('everything') || name.includes('Secrets of others');
    const kept = workloadsOf(objects)
      .filter(({ spec }) => spec.volumeClaimTemplates !== undefined)
      .map(componentOf);
    const apart = shared ? ['gateway'] : ['config', 'gateway', 'keymanager', 'logsink'];
    expect(kept.toSorted()).toEqual(name.startsWith('standalone') ? ['standalone'] : apart);
  });
});

describe('distributed', () => {
  it('runs each service with its own program', async () => {
    const { objects } = await objectsOf(leastApart);
    expect(workloadsOf(objects).map(componentOf).toSorted()).toEqual([
      'config',
      'gateway',
      'keymanager',
      'logsink',
      'validator',
    ]);
    for (const each of workloadsOf(objects)) {
      const main = `services/${componentOf(each)}/src/main.ts`;
      expect(containerOf(each).command).toEqual(['node', main]);
    }
  });

  it('leads gateways to the services that there are', async () => {
    const { objects } = await objectsOf(leastApart);
    const gateway = workloadsOf(objects).find((each) => componentOf(each) === 'gateway');
    const env = gateway === undefined ? [] : containerOf(gateway).env;
    for (const owner of ['config', 'keymanager', 'logsink', 'validator']) {
      const address = env.find(({ name }) => name === `${owner.toUpperCase()}_URL`)?.value;
      const { hostname, port } = new URL(address ?? '');
      const service = servicesOf(objects).find(({ metadata }) => metadata.name === hostname);
      expect(service?.spec.ports[0]?.port).toBe(Number(port));
      expect(service === undefined ? '' : componentOf(service)).toBe(owner);
    }
  });

  it('exposes gateways alone, and lets nobody else to the other services', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    const exposed = servicesOf(objects).filter(({ spec }) => spec.clusterIP !== 'None');
    const types = exposed.map((each) => [componentOf(each), (each.spec as { type?: string }).type]);
    expect(types.filter(([, type]) => type === 'LoadBalancer')).toEqual([
      ['gateway', 'LoadBalancer'],
    ]);
    for (const each of networkPoliciesOf(objects)) {
      const rule = each.spec.ingress.find(({ ports }) => ports[0]?.port === 'service');
      if (componentOf(each) === 'gateway') expect(rule).toBeUndefined();
      else {
        const allowed = rule?.from?.map((peer) => peer.podSelector?.matchLabels);
        expect(allowed).toEqual([
          expect.objectContaining({ 'app.kubernetes.io/component': 'gateway' }),
        ]);
      }
    }
  });

  it('tells no service a secret that it does not need', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    const told = workloadsOf(objects).map((each) => [
      componentOf(each),
      containerOf(each)
        .env.filter(({ name, valueFrom }) => valueFrom !== undefined && name !== 'HTTPS_PROXY')
        .map(({ name }) => name)
        .toSorted(),
    ]);
    expect(Object.fromEntries(told)).toEqual({
      gateway: [
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'KAFKA_BROKERS',
        'NATS_URL',
        'REDIS_DSN',
      ],
      config: [
        'AUTH_KEY',
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'MONGODB_URL',
        'NATS_URL',
        'PROXY_KEYS',
        'REDIS_DSN',
      ],
      keymanager: [
        'AUTH_KEY',
        'ENCRYPTION_KEY',
        'ENCRYPTION_KEY_PREVIOUS',
        'MONGODB_URL',
        'NATS_URL',
      ],
      logsink: ['AUTH_KEY', 'KAFKA_BROKERS', 'MONGODB_URL', 'NATS_URL'],
      validator: ['AUTH_KEY', 'ENCRYPTION_KEY', 'ENCRYPTION_KEY_PREVIOUS', 'NATS_URL', 'REDIS_DSN'],
    });
  });

  it('has room for more than the spool of a gateway may grow to', async () => {
    const { objects } = await objectsOf(leastApart);
    const gateway = workloadsOf(objects).find((each) => componentOf(each) === 'gateway');
    const limit = Number(reference.find(({ name }) => name === 'SPOOL_LIMIT_BYTES')?.default);
    const storage = gateway?.spec.volumeClaimTemplates?.[0]?.spec.resources.requests.storage ?? '';
    expect(bytesOf(storage)).toBeGreaterThan(limit);
  });

  it('leaves the number of gateways to the autoscaler where there is one', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    const gateway = workloadsOf(objects).find((each) => componentOf(each) === 'gateway');
    expect(gateway?.spec.replicas).toBeUndefined();
    expect(objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')).toMatchObject({
      spec: { scaleTargetRef: { kind: gateway?.kind, name: gateway?.metadata.name } },
    });
  });

  it('has Prometheus ask every pod, in a job that the alerts know', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    const monitor = objects.find(({ kind }) => kind === 'PodMonitor') as PodMonitor | undefined;
    for (const { spec } of workloadsOf(objects)) {
      const { labels } = spec.template.metadata;
      expect(selects(monitor?.spec.selector.matchLabels ?? { none: '' }, labels)).toBe(true);
      expect(labels[monitor?.spec.jobLabel ?? '']).toContain('keymux');
      const ports = spec.template.spec.containers[0].ports.map(({ name }) => name);
      expect(ports).toContain(monitor?.spec.podMetricsEndpoints[0]?.port);
    }
  });

  it('never runs two of a service of which there is to be one', async () => {
    const { objects } = await objectsOf(leastApart);
    const mayMeet = workloadsOf(objects).filter(
      ({ kind, spec }) => kind === 'Deployment' && spec.strategy?.type !== 'Recreate',
    );
    expect(mayMeet.map(componentOf)).toEqual([]);
    const shared = await objectsOf(houses['distributed with everything on']);
    const config = workloadsOf(shared.objects).find((each) => componentOf(each) === 'config');
    expect(config).toMatchObject({ kind: 'StatefulSet', spec: { replicas: 1 } });
  });

  it('takes an installed Secret that has no previous key', async () => {
    const { objects } = await objectsOf(houses['distributed with Secrets of others']);
    expect(secretsOf(objects)).toEqual([]);
    const env = workloadsOf(objects).flatMap((each) => containerOf(each).env);
    const refs = env.flatMap(({ name, valueFrom }) =>
      valueFrom === undefined ? [] : [[name, valueFrom.secretKeyRef.optional === true] as const],
    );
    const optional = new Set(refs.filter(([, is]) => is).map(([name]) => name));
    expect(optional).toEqual(new Set(['ENCRYPTION_KEY_PREVIOUS', 'PROXY_KEYS']));
    expect(new Set(refs.map(([name]) => name))).toEqual(new Set(Object.keys(clearTexts)));
  });

  it('starts pods anew when a secret of the chart changes, and only then', async () => {
    const marks = async (values: object) =>
      workloadsOf((await objectsOf(values)).objects).map(
        ({ spec }) => spec.template.metadata.annotations['checksum/secret'],
      );
    const before = await marks(leastApart);
    expect(before[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await marks(leastApart)).toEqual(before);
    const changed = { ...leastApart.secrets, authKey: 'another-0123456789' };
    expect(await marks({ ...leastApart, secrets: changed })).not.toEqual(before);
  });

  it('lets what a service says of its pods go over what all say', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    for (const each of workloadsOf(objects)) {
      expect(each.spec.template.spec.nodeSelector).toEqual(
        componentOf(each) === 'gateway' ? { pool: 'gateways' } : { 'kubernetes.io/os': 'linux' },
      );
    }
  });

  it('writes whole numbers as they are', async () => {
    const { objects } = await objectsOf(houses['distributed with everything on']);
    for (const each of workloadsOf(objects)) {
      const spool = containerOf(each).env.find(({ name }) => name === 'SPOOL_LIMIT_BYTES');
      expect(spool?.value).toBe('5368709120');
    }
  });
});
