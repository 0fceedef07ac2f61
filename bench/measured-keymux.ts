import { startKeymux } from '../e2e/product/keymux.ts';

/** A Keymux as it comes, but for what would refuse a load or write a line a request. */
export function startMeasuredKeymux(): ReturnType<typeof startKeymux> {
  return startKeymux({
    env: {
      MAX_CONCURRENT_REQUESTS: '1000',
      LOG_LEVEL: 'warn',
      REQUEST_LOG_WRITE_INTERVAL_MINUTES: undefined,
    },
  });
}
