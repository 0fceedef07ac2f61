import type { Answer } from '../api/api.ts';

type Row = Answer<'listLogs'>['items'][number];

/** How attempts at an upstream went. */
export interface Attempts {
  readonly made: number;
  /** By a fault of the upstream, also where another one then served the request. */
  readonly failed: number;
}

/** How often each upstream was tried for these requests, and failed. */
export function attemptsAt(rows: readonly Pick<Row, 'attempts'>[]): ReadonlyMap<string, Attempts> {
  const byUpstream = Map.groupBy(
    rows.flatMap(({ attempts }) => attempts),
    ({ upstream }) => upstream,
  );
  return new Map(
    [...byUpstream].map(([upstream, attempts]) => [
      upstream,
      {
        made: attempts.length,
        failed: attempts.filter(({ verdict }) => verdict === 'upstream').length,
      },
    ]),
  );
}

const badShare = 0.5;
const worthALook = 0.05;

/** How much such attempts should worry; nothing where none were made. */
export function toneOf({ made, failed }: Attempts): 'good' | 'warn' | 'bad' | '' {
  if (made === 0) return '';
  if (failed >= made * badShare) return 'bad';
  return failed >= made * worthALook && failed > 0 ? 'warn' : 'good';
}
