import {
  flag,
  type InvalidEnvironment,
  integer,
  oneOf,
  optional,
  parseAddress,
  text,
  type Variable,
} from './environment-variable.ts';

/** The names of OpenTelemetry's samplers that there are. */
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Which requests are traced; those that are `parentbased_…` leave it to the caller where it decided. */
export type Sampler = (typeof samplers)[number];

/** Where traces go and which. */
export interface TraceExport {
  readonly sampler: Sampler;
  /** Of all traces, 0 to 1, for the samplers that take one. */
  readonly ratio: number;
  readonly batch: {
    readonly delayMs: number;
    readonly timeoutMs: number;
    readonly queueSpans: number;
    readonly spans: number;
  };
  /** All of `OTEL_*`: the exporter and the resource read theirs themselves. */
  readonly variables: Readonly<Record<string, string>>;
}

const checkUrl = (url: string): string | undefined => {
  const parsed = parseAddress(url, ['http', 'https']);
  return parsed.kind === 'wrong' ? parsed.message : undefined;
};
const checkExporter = (name: string): string | undefined =>
  name === 'otlp' || name === 'none' ? undefined : 'must be otlp or none';
const checkProtocol = (name: string): string | undefined =>
  name === 'http/protobuf' ? undefined : 'must be http/protobuf';
const checkRatio = (ratio: string): string | undefined =>
  Number(ratio) >= 0 && Number(ratio) <= 1 ? undefined : 'must be 0 to 1';

const anyWhole = { min: 1, max: 1_000_000_000 };

/**
 * Whether traces are sent.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const traceSwitches = {
  endpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT', {
    type: 'http or https address',
    check: checkUrl,
    help: 'The collector that requests are traced to; without it nothing is traced.',
  }),
  tracesEndpoint: optional('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', {
    type: 'http or https address',
    check: checkUrl,
    help: 'The same with its path, for traces alone.',
  }),
  exporter: optional('OTEL_TRACES_EXPORTER', {
    type: 'otlp or none',
    defaultText: 'otlp where an endpoint is named',
    check: checkExporter,
    help: 'none turns traces off; otlp without an endpoint sends them to this machine.',
  }),
  disabled: flag('OTEL_SDK_DISABLED', { help: 'Turns traces off.' }),
};

/** How they are sent; read only where they are. */
export const traceTable = {
  protocol: optional('OTEL_EXPORTER_OTLP_PROTOCOL', {
    type: 'http/protobuf',
    defaultText: 'http/protobuf',
    check: checkProtocol,
    help: 'How the collector is spoken to; there is no other.',
  }),
  tracesProtocol: optional('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', {
    type: 'http/protobuf',
    check: checkProtocol,
    help: 'The same, for traces alone.',
  }),
  sampler: oneOf('OTEL_TRACES_SAMPLER', samplers, {
    default: 'parentbased_always_on',
    help: 'Which requests are traced.',
  }),
  ratio: text('OTEL_TRACES_SAMPLER_ARG', {
    default: '1',
    check: checkRatio,
    help: 'The part of them that the samplers by ratio trace, 0 to 1.',
  }),
  delayMs: integer(
    'OTEL_BSP_SCHEDULE_DELAY',
    { default: 5_000, ...anyWhole },
    { help: 'The longest a span waits for others, in milliseconds.' },
  ),
  timeoutMs: integer(
    'OTEL_BSP_EXPORT_TIMEOUT',
    { default: 30_000, ...anyWhole },
    { help: 'The longest wait for the collector to take a batch, in milliseconds.' },
  ),
  queueSpans: integer(
    'OTEL_BSP_MAX_QUEUE_SIZE',
    { default: 2_048, ...anyWhole },
    { help: 'Most spans that wait; more are dropped.' },
  ),
  spans: integer(
    'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    { default: 512, ...anyWhole },
    { help: 'Most spans of a batch.' },
  ),
};

type Table = Readonly<Record<string, Variable<unknown>>>;
type ValuesOf<T extends Table> = { [Name in keyof T]: T[Name]['fallback'] };

/** Whether traces are sent: unlike the specification's default, not without a word of where to. */
export function sendsTraces(values: ValuesOf<typeof traceSwitches>): boolean {
  const isNamed = values.endpoint !== undefined || values.tracesEndpoint !== undefined;
  return !values.disabled && (values.exporter ?? (isNamed ? 'otlp' : 'none')) === 'otlp';
}

/** What is sent and how; `variables` are all of `OTEL_*`. */
export function traceExportOf(
  { sampler, ratio, delayMs, timeoutMs, queueSpans, spans }: ValuesOf<typeof traceTable>,
  variables: Readonly<Record<string, string>>,
): TraceExport | InvalidEnvironment {
  if (spans > queueSpans) {
    return {
      kind: 'invalid',
      variable: traceTable.spans.name,
      message: `must not be above ${traceTable.queueSpans.name}, ${queueSpans}`,
    };
  }
  const batch = { delayMs, timeoutMs, queueSpans, spans };
  return { sampler, ratio: Number(ratio), batch, variables };
}
