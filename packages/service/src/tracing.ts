import type { Tracer } from '@opentelemetry/api';
import type { Logger } from './logger.ts';
import type { TraceExport } from './trace-export.ts';

/** Takes spans and brings them to a collector, in batches; what it cannot bring is dropped. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left; a collector that does not answer holds it up for as long as an export may take. */
  stop(): Promise<void>;
}

export interface TracingDeps {
  readonly service: string;
  readonly log: Logger;
}

/** Starts to trace as `OTEL_*` says. Only a process that traces loads OpenTelemetry. */
export async function startTracing(
  traceExport: TraceExport,
  { service, log }: TracingDeps,
): Promise<Tracing> {
  const { batch, variables } = traceExport;
  const [{ diag, DiagLogLevel }, sdk, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
  ]);
  // Those that a `.env` file set are not in the environment yet, where the exporter looks.
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
  const warn = (message: string): void => log.warn(`OpenTelemetry: ${firstLine(message)}`);
  const quiet = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new sdk.TracerProvider({
    resource: resources
      .resourceFromAttributes({
        'service.name': `keymux-${service}`,
        'service.namespace': 'keymux',
      })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    sampler: samplerOf(traceExport, sdk),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        scheduledDelayMillis: batch.delayMs,
        exportTimeoutMillis: batch.timeoutMs,
        maxQueueSize: batch.queueSpans,
        maxExportBatchSize: batch.spans,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('keymux'),
    stop: () =>
      provider.shutdown().catch((error: unknown) => {
        log.warn({ err: error }, 'the last spans could not be sent');
      }),
  };
}

function samplerOf(
  { sampler, ratio }: Pick<TraceExport, 'sampler' | 'ratio'>,
  sdk: typeof import('@opentelemetry/sdk-trace'),
) {
  switch (sampler) {
    case 'always_on':
      return new sdk.AlwaysOnSampler();
    case 'always_off':
      return new sdk.AlwaysOffSampler();
    case 'traceidratio':
      return new sdk.TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new sdk.ParentBasedSampler({ root: new sdk.AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) });
  }
}

// It gives errors as JSON with their stacks.
function firstLine(message: string): string {
  const parsed = /"message":"((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return (parsed ?? message).split('\n', 1)[0]?.slice(0, 500) ?? '';
}
