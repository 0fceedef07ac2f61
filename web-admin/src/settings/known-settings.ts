import { inject } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import type { Setting } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { type Loaded, loaded } from '../api/loaded.ts';

/** All settings, as they are set by now. */
export function knownSettings(): Loaded<Answer<'getSettings'>> {
  const api = inject(Api);
  return loaded({
    params: () => ({}),
    load: (_, signal) => api.call('getSettings', { signal }),
    hints: [inject(Live).config],
  });
}

/** The longest that a row of the logs waits until it can be queried, in minutes; 0 when it does not. */
export function rowsWaitMinutes(settings: readonly Setting[] | undefined): number {
  const known = settings?.find(({ name }) => name === 'request_log_write_interval_minutes');
  return typeof known?.value === 'number' ? known.value : 0;
}
