import { inject } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import { Live } from '../api/live.ts';
import { type Loaded, loaded } from '../api/loaded.ts';
import type { VerdictKind } from './verdict-kinds.ts';

/** Which verdicts are asked for; empty texts for any. */
export interface AskedVerdicts {
  readonly group: string;
  readonly kind: VerdictKind | '';
  readonly limit: number;
}

/** The newest verdicts, as they are by now. */
export function knownVerdicts(
  asked: () => AskedVerdicts | undefined,
): Loaded<Answer<'listVerdicts'>> {
  const api = inject(Api);
  return loaded({
    params: asked,
    load: ({ group, kind, limit }, signal) =>
      api.call('listVerdicts', {
        query: {
          limit,
          ...(group === '' ? {} : { group }),
          ...(kind === '' ? {} : { kind }),
        },
        signal,
      }),
    hints: [inject(Live).keys],
    keep: true,
  });
}
