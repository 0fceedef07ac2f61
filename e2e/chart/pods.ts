import { join } from 'node:path';
import { freePort } from '@keymux/parts/free-port';
import type { Keeper } from '@keymux/parts/keeper';
import { type Child, startChild } from '../product/distributed/child.ts';
import {
  componentOf,
  containerOf,
  type KubernetesObject,
  secretsOf,
  servicesOf,
  type Variable,
  workloadsOf,
} from './objects.ts';

/** Pods of the chart, one of each workload, as processes of this machine. */
export interface Pods {
  child(component: string): Child;
  /** Starts one again with what other values of the chart tell it. */
  restart(component: string, objects: readonly KubernetesObject[]): Promise<void>;
}

export interface PodsOptions {
  readonly objects: readonly KubernetesObject[];
  /** Where each has a folder in place of its volume. */
  readonly folder: string;
  readonly keeper: Keeper;
  readonly hear: (text: string) => void;
  readonly started: (child: Child) => void;
}

interface Place {
  readonly port: number;
  readonly metricsPort: number;
}

/**
 * Starts every process as Kubernetes would: its command, its variables and nothing else of ours, Secrets looked up.
 * Only what one machine cannot have is put in place: names of Services, ports that several share, folders for volumes.
 */
export async function startPods(options: PodsOptions): Promise<Pods> {
  const { objects, folder, keeper, hear, started } = options;
  const places = new Map<string, Place>();
  for (const each of workloadsOf(objects)) {
    const place = { port: await freePort(), metricsPort: await freePort() };
    places.set(componentOf(each), place);
  }

  const environmentOf = (
    component: string,
    from: readonly KubernetesObject[],
  ): Record<string, string> => {
    const workload = workloadsOf(from).find((each) => componentOf(each) === component);
    const told = workload === undefined ? [] : containerOf(workload).env;
    return Object.fromEntries(
      told.flatMap((variable) => {
        const text = textOf(variable, from);
        return text === undefined ? [] : [[variable.name, onThisMachine(variable.name, text)]];
      }),
    );
  };

  function onThisMachine(name: string, text: string): string {
    if (!name.endsWith('_URL') || !text.startsWith('http://')) return text;
    const { hostname } = new URL(text);
    const service = servicesOf(objects).find(({ metadata }) => metadata.name === hostname);
    const place = service === undefined ? undefined : places.get(componentOf(service));
    return place === undefined ? text : `http://127.0.0.1:${place.port}`;
  }

  const children = new Map<string, Child>();
  for (const [component, { port, metricsPort }] of places) {
    const child = startChild({
      name: component,
      service: component,
      port,
      metricsPort,
      dataDir: join(folder, component),
      env: {
        ...environmentOf(component, objects),
        ...('standalone gateway'.includes(component)
          ? { PORT: String(port) }
          : { SERVICE_PORT: String(port) }),
      },
      keeper,
      hear,
    });
    children.set(component, child);
    started(child);
  }

  function child(component: string): Child {
    const found = children.get(component);
    if (found === undefined) throw new Error(`there is no ${component}`);
    return found;
  }

  await Promise.all([...children.values()].map((each) => each.ready()));
  return {
    child,
    async restart(component, from) {
      const one = child(component);
      await one.kill('SIGTERM');
      const { PORT: _port, SERVICE_PORT: _servicePort, ...told } = environmentOf(component, from);
      // What it was told before and is not any more must not stay.
      one.restart({ ENCRYPTION_KEY_PREVIOUS: undefined, ...told });
      await one.ready();
    },
  };
}

/** What a variable is in the pod; undefined where its Secret does not have it. */
function textOf(
  { value, valueFrom }: Variable,
  objects: readonly KubernetesObject[],
): string | undefined {
  if (valueFrom === undefined) return value ?? '';
  const { name, key } = valueFrom.secretKeyRef;
  const data = secretsOf(objects).find(({ metadata }) => metadata.name === name)?.data[key];
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
}
