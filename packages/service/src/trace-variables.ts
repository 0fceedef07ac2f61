import type { InvalidEnvironment } from './environment-variable.ts';

/** Which requests are traced, where their own caller has not decided it. */
export type Sampling = { readonly parentBased: boolean } & (
  | { readonly kind: 'always_on' | 'always_off' }
  | { readonly kind: 'traceidratio'; readonly ratio: number }
);

/** Where traces go and which; null sends none. */
export interface TraceExport {
  readonly sampling: Sampling;
  readonly batch: {
    readonly delayMs: number;
    readonly timeoutMs: number;
    readonly queueSpans: number;
    readonly spans: number;
  };
  /** All of `OTEL_*`: the exporter and the resource read theirs themselves. */
  readonly variables: Readonly<Record<string, string>>;
}

const samplers: Readonly<Record<string, (ratio: number) => Sampling>> = {
  always_on: () => ({ kind: 'always_on', parentBased: false }),
  always_off: () => ({ kind: 'always_off', parentBased: false }),
  traceidratio: (ratio) => ({ kind: 'traceidratio', ratio, parentBased: false }),
  parentbased_always_on: () => ({ kind: 'always_on', parentBased: true }),
  parentbased_always_off: () => ({ kind: 'always_off', parentBased: true }),
  parentbased_traceidratio: (ratio) => ({ kind: 'traceidratio', ratio, parentBased: true }),
};

const invalid = (variable: string, message: string): InvalidEnvironment => ({
  kind: 'invalid',
  variable,
  message,
});

/**
 * Reads what `OTEL_*` says of traces. They are sent where an endpoint of OTLP or the exporter is named: unlike the
 * specification's default, which is a collector at `localhost`.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function readTraceVariables(
  variables: Readonly<Record<string, string>>,
): { readonly kind: 'value'; readonly value: TraceExport | null } | InvalidEnvironment {
  const off = { kind: 'value', value: null } as const;
  if (variables['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return off;
  const endpoints = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  const given = endpoints.filter((name) => variables[name] !== undefined);
  for (const name of given) {
    if (!/^https?:$/.test(protocolOf(variables[name] ?? ''))) {
      return invalid(name, 'must be an http or https URL');
    }
  }
  const exporter = variables['OTEL_TRACES_EXPORTER'] ?? (given.length > 0 ? 'otlp' : 'none');
  if (exporter === 'none') return off;
  if (exporter !== 'otlp') return invalid('OTEL_TRACES_EXPORTER', 'must be otlp or none');
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    if ((variables[name] ?? 'http/protobuf') !== 'http/protobuf') {
      return invalid(name, 'must be http/protobuf');
    }
  }
  const sampling = readSampling(variables);
  if ('variable' in sampling) return sampling;
  const batch = readBatch(variables);
  if ('variable' in batch) return batch;
  return { kind: 'value', value: { sampling, batch, variables } };
}

function readSampling(variables: Readonly<Record<string, string>>): Sampling | InvalidEnvironment {
  const sampler = samplers[variables['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on'];
  if (sampler === undefined) {
    return invalid('OTEL_TRACES_SAMPLER', `must be one of ${Object.keys(samplers).join(', ')}`);
  }
  const ratio = Number(variables['OTEL_TRACES_SAMPLER_ARG'] ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) return invalid('OTEL_TRACES_SAMPLER_ARG', 'must be 0 to 1');
  return sampler(ratio);
}

function readBatch(
  variables: Readonly<Record<string, string>>,
): TraceExport['batch'] | InvalidEnvironment {
  const numbers = {
    OTEL_BSP_SCHEDULE_DELAY: 5_000,
    OTEL_BSP_EXPORT_TIMEOUT: 30_000,
    OTEL_BSP_MAX_QUEUE_SIZE: 2_048,
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 512,
  };
  for (const [name, fallback] of Object.entries(numbers)) {
    const value = Number(variables[name] ?? fallback);
    if (!Number.isSafeInteger(value) || value < 1) return invalid(name, 'must be 1 or more');
    Object.assign(numbers, { [name]: value });
  }
  const queueSpans = numbers.OTEL_BSP_MAX_QUEUE_SIZE;
  const spans = numbers.OTEL_BSP_MAX_EXPORT_BATCH_SIZE;
  if (spans > queueSpans) {
    const name = 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE';
    return invalid(name, `must not be above OTEL_BSP_MAX_QUEUE_SIZE, ${queueSpans}`);
  }
  return {
    delayMs: numbers.OTEL_BSP_SCHEDULE_DELAY,
    timeoutMs: numbers.OTEL_BSP_EXPORT_TIMEOUT,
    queueSpans,
    spans,
  };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
