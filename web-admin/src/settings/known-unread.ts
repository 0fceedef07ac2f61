import { inject } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import { type Loaded, loaded } from '../api/loaded.ts';

const refreshMs = 30_000;

/** The newest messages that could not be read and were set aside. */
export function knownUnread(limit: number): Loaded<Answer<'listDeadLetters'>> {
  const api = inject(Api);
  return loaded({
    params: () => ({ limit }),
    load: (query, signal) => api.call('listDeadLetters', { query, signal }),
    everyMs: refreshMs,
    keep: true,
  });
}
