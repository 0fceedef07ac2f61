import type { Page } from 'playwright-core';

/** Times between frames, and what the page's main thread worked in all of them, ms. */
export interface Frames {
  readonly gapsMs: readonly number[];
  readonly cpuMs: number;
}

/** A frame that comes later than this was preceded by one that did not come. */
const lateMs = 25;

// Runs in the page: nothing of this file is there.
const recorder = (each: string, frames: number): string => `new Promise((resolve) => {
  const gaps = [];
  let last;
  const frame = (now) => {
    if (last !== undefined) gaps.push(now - last);
    last = now;
    if (gaps.length === ${frames}) return resolve(gaps);
    ${each}
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;

/** The next frames of a page in which nothing is done. */
export async function recordFrames(page: Page, frames: number): Promise<Frames> {
  return record(page, recorder('', frames));
}

/** The frames of a page whose list of keys is scrolled by as many pixels in each. */
export async function scrollBy(page: Page, pixels: number, frames: number): Promise<Frames> {
  const each = `document.querySelector('km-key-table .scroller').scrollTop += ${pixels};`;
  return record(page, recorder(each, frames));
}

async function record(page: Page, script: string): Promise<Frames> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name: each }) => each === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const before = await worked();
  const gapsMs = await page.evaluate<number[]>(script);
  const cpuMs = (await worked()) - before;
  await session.detach();
  return { gapsMs, cpuMs };
}

/** Median, 99th percentile and longest gap, how many were late, and work a frame. */
export function summary({ gapsMs, cpuMs }: Frames): string {
  const sorted = gapsMs.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  const late = gapsMs.filter((each) => each > lateMs).length;
  return `${at(0.5)} / ${at(0.99)} / ${at(1)} ms | ${late} of ${gapsMs.length} | ${(cpuMs / gapsMs.length).toFixed(1)} ms`;
}
