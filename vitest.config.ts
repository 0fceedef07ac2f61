import { defineConfig } from 'vitest/config';

/** Journeys that the gate runs against services apart too. */
const some = ['keys', 'hot-config', 'logs'].map((name) => `e2e/journeys/${name}.spec.ts`);
/** Journeys that make sense of services apart only. */
const apart = 'e2e/journeys/apart/**/*.spec.ts';
/**
 * Journeys of what services apart do not have: a SQLite file for all, a folder with the keys of the
 * installation, a parent that starts its gateway's workers anew.
 */
const standalone = 'e2e/journeys/standalone/**/*.spec.ts';
const chosen = process.env['KEYMUX_FAULTS'] === undefined ? some : [apart];

export default defineConfig({
  test: {
    reporters: ['default', './vitest.last-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.spec.ts',
            'services/*/src/**/*.spec.ts',
            'web-admin/**/*.spec.ts',
            'deploy/**/*.spec.ts',
          ],
          // Ends what hangs; a busy machine may take its time.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          exclude: ['**/node_modules/**', apart],
          // Journeys start whole products: one file at a time, or they starve each other.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'distributed',
          // A few of the journeys: `npm run test:distributed` runs them all, `npm run test:faults` those apart.
          include:
            process.env['KEYMUX_JOURNEYS'] === 'all' ? ['e2e/journeys/**/*.spec.ts'] : chosen,
          exclude: ['**/node_modules/**', standalone],
          env: { KEYMUX_MODE: 'distributed' },
          fileParallelism: false,
          // A dozen processes start on a machine that may be busy.
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
