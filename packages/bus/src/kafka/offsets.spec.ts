import { expect, it } from 'vitest';
import { Offsets } from './offsets.ts';

it('goes as far as everything before is done', () => {
  const offsets = new Offsets();
  expect(offsets.toCommit).toBeNull();
  for (const each of [7n, 8n, 9n]) offsets.begin(each);
  offsets.done(9n);
  expect(offsets.toCommit).toBe(7n);
  offsets.done(7n);
  expect(offsets.toCommit).toBe(8n);
  offsets.done(8n);
  expect(offsets.toCommit).toBe(10n);
});

it('never goes back, and says nothing twice', () => {
  const offsets = new Offsets();
  offsets.begin(7n);
  offsets.done(7n);
  offsets.committed(8n);
  expect(offsets.toCommit).toBeNull();
  offsets.begin(7n);
  expect(offsets.toCommit).toBeNull();
});

it('waits for every delivery of what came twice', () => {
  const offsets = new Offsets();
  for (const each of [7n, 8n, 7n]) offsets.begin(each);
  offsets.done(8n);
  offsets.done(7n);
  expect(offsets.toCommit).toBe(7n);
  offsets.done(7n);
  expect(offsets.toCommit).toBe(9n);
});

it('goes over the gaps that transactions leave', () => {
  const offsets = new Offsets();
  for (const each of [7n, 12n]) offsets.begin(each);
  offsets.done(7n);
  expect(offsets.toCommit).toBe(12n);
});
