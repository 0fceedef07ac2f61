import { describe, expect, it } from 'vitest';
import type { RingKey } from '../key-ring/ring-key.ts';
import { Gauges } from './gauges.ts';

const keyOf = (slot: number): RingKey => ({
  id: `k${slot}`,
  slot,
  masked: '',
  maskedJson: '""',
  secret: undefined,
  open: (opened) => opened(''),
  state: 'active',
  version: 1,
  streak: 0,
  unanswered: 0,
});
const gaugeOf = (key: RingKey, model: string) => ({
  key,
  model,
  group: 'g',
  reading: { atMs: 0, requests: null, tokens: null },
  changed: false,
});

describe('gauges', () => {
  it('forget the keys that were used longest ago', () => {
    const gauges = new Gauges();
    const keys = Array.from({ length: 25_000 }, (_, slot) => keyOf(slot));
    for (const key of keys) gauges.add(gaugeOf(key, 'm'));
    const known = keys.filter((key) => gauges.find(key, 'm') !== undefined);
    expect(known.length).toBeLessThanOrEqual(20_000);
    expect(known.length).toBeGreaterThanOrEqual(10_000);
    expect(known.at(-1)?.id).toBe('k24999');
    expect(gauges.find(keyOf(24_999), 'm')).toBeUndefined();
  });

  it('remember the newest models of a key', () => {
    const gauges = new Gauges();
    const key = keyOf(1);
    for (let model = 0; model < 100; model += 1) gauges.add(gaugeOf(key, `m${model}`));
    expect(gauges.find(key, 'm91')).toBeUndefined();
    expect(gauges.find(key, 'm92')).toMatchObject({ model: 'm92' });
    expect(gauges.find(key, 'm99')).toMatchObject({ model: 'm99' });
  });
});
