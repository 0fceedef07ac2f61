import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.ts';

const directories: string[] = [];

function newDirectory(): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'keymux-spool-'));
  directories.push(directory);
  return directory;
}

const open = (directory: string, more: { limitBytes?: number; segmentBytes?: number } = {}) =>
  new Spool({ directory, limitBytes: 1024 * 1024, ...more });

function takeAll(spool: Spool, maxBytes = 1024): { number: number; lines: readonly string[] }[] {
  const batches = [];
  for (;;) {
    const batch = spool.take(maxBytes);
    if (batch === undefined) return batches;
    batches.push(batch);
  }
}

afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true });
});

describe('the spool', () => {
  it('gives back every line once, in order, in numbered batches', () => {
    const spool = open(newDirectory());
    for (let line = 0; line < 100; line += 1) spool.append(`line ${line} é`);
    const batches = takeAll(spool, 64);
    expect(batches.map(({ number }) => number)).toEqual(batches.map((_, at) => at + 1));
    expect(batches.flatMap(({ lines }) => lines)).toEqual(
      Array.from({ length: 100 }, (_, line) => `line ${line} é`),
    );
    spool.close();
  });

  it('takes a line that is longer than a batch whole', () => {
    const spool = open(newDirectory());
    spool.append('x'.repeat(200_000));
    spool.append('short');
    expect(takeAll(spool, 100).map(({ lines }) => lines.map((line) => line.length))).toEqual([
      [200_000],
      [5],
    ]);
    spool.close();
  });

  it('publishes the same batches under the same numbers after a crash', () => {
    const directory = newDirectory();
    const before = open(directory);
    for (let line = 0; line < 20; line += 1) before.append(`line ${line}`);
    const published = takeAll(before, 40);
    before.acknowledge(1);
    before.checkpoint();
    before.append('after the last batch');
    const after = open(directory);
    expect(after.producer).toBe(before.producer);
    const again = takeAll(after, 40);
    expect(again.slice(0, published.length - 1)).toEqual(published.slice(1));
    expect(again.at(-1)?.lines).toEqual(['after the last batch']);
    expect(again.at(-1)?.number).toBe(published.length + 1);
    after.close();
  });

  it('drops a line that a crash cut short, and no other', () => {
    const directory = newDirectory();
    const before = open(directory);
    before.append('whole');
    const file = join(directory, '0000000001.spool');
    fs.appendFileSync(file, 'torn');
    const after = open(directory);
    after.append('next');
    expect(takeAll(after).flatMap(({ lines }) => lines)).toEqual(['whole', 'next']);
    after.close();
  });

  it('refuses lines when it is full and takes them again when there is room', () => {
    const spool = open(newDirectory(), { limitBytes: 1_000, segmentBytes: 500 });
    let taken = 0;
    while (spool.append('x'.repeat(99))) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(10);
    for (const { number } of takeAll(spool)) spool.acknowledge(number);
    spool.checkpoint();
    expect(spool.append('again')).toBe(true);
    spool.close();
  });

  it('tells what waits for an answer, not what is still on disk', () => {
    const spool = open(newDirectory(), {});
    for (let line = 0; line < 10; line += 1) spool.append('x'.repeat(99));
    const [first, second] = [spool.take(300), spool.take(700)];
    expect([first?.sizeBytes, second?.sizeBytes, spool.waitingBytes]).toEqual([300, 700, 1_000]);
    spool.acknowledge(second?.number ?? 0);
    expect(spool.waitingBytes).toBe(300);
    spool.acknowledge(first?.number ?? 0);
    spool.checkpoint();
    expect([spool.waitingBytes, spool.sizeBytes]).toEqual([0, 1_000]);
    spool.append('x'.repeat(9));
    expect(spool.waitingBytes).toBe(10);
    spool.close();
  });

  it('frees the disk only after the acknowledgement is on disk', () => {
    const directory = newDirectory();
    const spool = open(directory, { segmentBytes: 100 });
    for (let line = 0; line < 10; line += 1) spool.append('x'.repeat(50));
    for (const { number } of takeAll(spool)) spool.acknowledge(number);
    expect(spool.ackedThrough).toBe(0);
    expect(spool.sizeBytes).toBeGreaterThan(0);
    spool.checkpoint();
    expect(spool.empty).toBe(true);
    expect(spool.sizeBytes).toBe(0);
    spool.close();
  });

  it('loses nothing and repeats only what was not acknowledged, whatever happens in between', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), size: fc.integer({ min: 0, max: 60 }) }),
      fc.record({ do: fc.constantFrom('take', 'acknowledge', 'checkpoint', 'crash') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const directory = newDirectory();
        let spool = open(directory, { segmentBytes: 150 });
        const written: string[] = [];
        const delivered = new Map<number, readonly string[]>();
        const pending: number[] = [];
        for (const each of steps) {
          if (each.do === 'append') {
            const line = `${written.length}:${'x'.repeat(each.size)}`;
            if (spool.append(line)) written.push(line);
          } else if (each.do === 'take') {
            const batch = spool.take(100);
            if (batch !== undefined) {
              const before = delivered.get(batch.number);
              if (before !== undefined) expect(batch.lines).toEqual(before);
              delivered.set(batch.number, batch.lines);
              pending.push(batch.number);
            }
          } else if (each.do === 'acknowledge') {
            const number = pending.shift();
            if (number !== undefined) spool.acknowledge(number);
          } else if (each.do === 'checkpoint') spool.checkpoint();
          else {
            spool = open(directory, { segmentBytes: 150 });
            pending.length = 0;
          }
        }
        spool = open(directory, { segmentBytes: 150 });
        for (const { number, lines } of takeAll(spool)) delivered.set(number, lines);
        const inOrder = [...delivered].toSorted(([a], [b]) => a - b).flatMap(([, lines]) => lines);
        expect(inOrder).toEqual(written);
        spool.close();
      }),
      { numRuns: 50 },
    );
  });
});
