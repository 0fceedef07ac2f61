import { inject } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import { Live } from '../api/live.ts';
import { type Loaded, loaded } from '../api/loaded.ts';

/** All groups, as they are by now. */
export function knownGroups(): Loaded<Answer<'listGroups'>> {
  const api = inject(Api);
  return loaded({
    params: () => ({}),
    load: (_, signal) => api.call('listGroups', { query: { limit: 1000 }, signal }),
    hints: [inject(Live).config],
  });
}
