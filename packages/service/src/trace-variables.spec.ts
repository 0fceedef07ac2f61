import { describe, expect, it } from 'vitest';
import { readTraceVariables } from './trace-variables.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('reading where traces go', () => {
  it('sends none unless an endpoint or the exporter is named', () => {
    const off = { kind: 'value', value: null };
    expect(readTraceVariables({})).toEqual(off);
    expect(readTraceVariables({ OTEL_SERVICE_NAME: 'keymux' })).toEqual(off);
    expect(readTraceVariables({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toEqual(off);
    expect(readTraceVariables({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toEqual(off);
  });

  it("takes the specification's defaults for what is not said", () => {
    const parentBased = { kind: 'always_on', parentBased: true };
    const batch = { delayMs: 5_000, timeoutMs: 30_000, queueSpans: 2_048, spans: 512 };
    expect(readTraceVariables(endpoint)).toEqual({
      kind: 'value',
      value: { sampling: parentBased, batch, variables: endpoint },
    });
    expect(readTraceVariables({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatchObject({
      value: { sampling: parentBased, batch },
    });
  });

  it.each([
    ['always_on', { kind: 'always_on', parentBased: false }],
    ['always_off', { kind: 'always_off', parentBased: false }],
    ['traceidratio', { kind: 'traceidratio', ratio: 0.25, parentBased: false }],
    ['parentbased_always_on', { kind: 'always_on', parentBased: true }],
    ['parentbased_always_off', { kind: 'always_off', parentBased: true }],
    ['parentbased_traceidratio', { kind: 'traceidratio', ratio: 0.25, parentBased: true }],
  ])('knows the sampler %s', (sampler, sampling) => {
    expect(
      readTraceVariables({
        ...endpoint,
        OTEL_TRACES_SAMPLER: sampler,
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      }),
    ).toMatchObject({ value: { sampling } });
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
    expect(readTraceVariables({ ...endpoint, [variable]: value })).toMatchObject({
      kind: 'invalid',
      variable,
    });
  });
});
