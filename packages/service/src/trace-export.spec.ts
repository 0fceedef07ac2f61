import { settings } from '@keymux/contracts';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

/** Where traces go by these variables, or what is wrong with one of them. */
function traceExport(env: Record<string, string>) {
  const read = readEnvironment({ env, settings, envFile: '/nowhere/.env' });
  return read.kind === 'environment' ? read.environment.traceExport : read;
}

describe('reading where traces go', () => {
  it('sends none unless an endpoint or the exporter is named', () => {
    expect(traceExport({})).toBeNull();
    expect(traceExport({ OTEL_SERVICE_NAME: 'keymux' })).toBeNull();
    expect(traceExport({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeNull();
    expect(traceExport({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toBeNull();
  });

  it("takes the specification's defaults for what is not said", () => {
    const sampler = 'parentbased_always_on';
    const batch = { delayMs: 5_000, timeoutMs: 30_000, queueSpans: 2_048, spans: 512 };
    expect(traceExport(endpoint)).toEqual({ sampler, ratio: 1, batch, variables: endpoint });
    expect(traceExport({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatchObject({ sampler, batch });
  });

  it.each([
    'always_on',
    'always_off',
    'traceidratio',
    'parentbased_always_on',
    'parentbased_always_off',
    'parentbased_traceidratio',
  ])('knows the sampler %s', (sampler) => {
    const given = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(traceExport({ ...endpoint, ...given })).toMatchObject({ sampler, ratio: 0.25 });
  });

  it('hands all of them on to the exporter, and nothing else', () => {
    const given = { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a', OTEL_EMPTY: '' };
    expect(traceExport({ ...given, PORT: '1' })).toMatchObject({
      variables: { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a' },
    });
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ftp://collector'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_TRACES_SAMPLER_ARG', 'half'],
    ['OTEL_BSP_SCHEDULE_DELAY', '-1'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '1.5'],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '4096'],
  ])('refuses %s=%s by its name', (variable, value) => {
    expect(traceExport({ ...endpoint, [variable]: value })).toMatchObject({
      kind: 'invalid',
      variable,
    });
  });

  it('minds what is said of how they are sent only where they are', () => {
    expect(traceExport({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBeNull();
    expect(traceExport({ OTEL_TRACES_SAMPLER: 'sometimes' })).toBeNull();
  });
});
