/** What is read of a Kubernetes object; kubernetes-validate knows all of it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels };
}

export type Labels = Readonly<Record<string, string>>;

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: {
      readonly name: string;
      readonly key: string;
      readonly optional?: boolean;
    };
  };
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle?: {
    readonly preStop: { readonly exec: { readonly command: readonly string[] } };
  };
  readonly resources: unknown;
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Workload extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly serviceName?: string;
    readonly strategy?: { readonly type: string };
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
      readonly spec: {
        readonly automountServiceAccountToken: boolean;
        readonly enableServiceLinks: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: unknown;
        readonly nodeSelector?: Labels;
        readonly topologySpreadConstraints: readonly unknown[];
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
      };
    };
    readonly volumeClaimTemplates?: readonly {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
    }[];
  };
}

export interface Service extends KubernetesObject {
  readonly spec: {
    readonly clusterIP?: string;
    readonly selector: Labels;
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
  };
}

export interface Secret extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>;
}

export interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ingress: readonly {
      readonly ports: readonly { readonly port: string }[];
      readonly from?: readonly { readonly podSelector?: { readonly matchLabels: Labels } }[];
    }[];
  };
}

export interface PodMonitor extends KubernetesObject {
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels };
    readonly jobLabel: string;
    readonly podMetricsEndpoints: readonly { readonly port: string }[];
  };
}

const isWorkload = (object: KubernetesObject): object is Workload =>
  object.kind === 'StatefulSet' || object.kind === 'Deployment';

/** What runs pods. */
export const workloadsOf = (objects: readonly KubernetesObject[]): readonly Workload[] =>
  objects.filter(isWorkload);

const isService = (object: KubernetesObject): object is Service => object.kind === 'Service';

export const servicesOf = (objects: readonly KubernetesObject[]): readonly Service[] =>
  objects.filter(isService);

const isSecret = (object: KubernetesObject): object is Secret => object.kind === 'Secret';

export const secretsOf = (objects: readonly KubernetesObject[]): readonly Secret[] =>
  objects.filter(isSecret);

const isNetworkPolicy = (object: KubernetesObject): object is NetworkPolicy =>
  object.kind === 'NetworkPolicy';

export const networkPoliciesOf = (objects: readonly KubernetesObject[]): readonly NetworkPolicy[] =>
  objects.filter(isNetworkPolicy);

/** Which of Keymux' services a workload runs. */
export const componentOf = (object: KubernetesObject): string =>
  object.metadata.labels['app.kubernetes.io/component'] ?? '';

/** True where labels are what a selector asks for. */
export const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

export const containerOf = (workload: Workload): Container =>
  workload.spec.template.spec.containers[0];
