import { expect, it } from 'vitest';
import { readTraceParent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it('reads the trace, the span and whether it is sampled', () => {
  expect(readTraceParent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true });
  expect(readTraceParent(`00-${traceId}-${spanId}-02`)?.sampled).toBe(false);
});

it('takes the known fields of a later version', () => {
  expect(readTraceParent(`cc-${traceId}-${spanId}-01-what-comes`)).toMatchObject({ traceId });
});

it.each([
  null,
  '',
  traceId,
  `00-${traceId}-${spanId}`,
  `ff-${traceId}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01more`,
])('ignores %s', (header) => {
  expect(readTraceParent(header)).toBeNull();
});
