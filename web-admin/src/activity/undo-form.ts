import { fromLocalInput } from '../design/local-time.ts';

/** What a person filled in; times as `datetime-local` inputs hold them. */
export interface UndoForm {
  readonly group: string;
  readonly rule: string;
  readonly status: string;
  readonly upstream: string;
  readonly from: string;
  readonly to: string;
}

/** What the server is asked to take back. */
export interface UndoBody {
  readonly rule?: string;
  readonly status?: number;
  readonly upstream?: string;
  readonly from: string;
  readonly to: string;
}

export type AskedUndo =
  | { readonly kind: 'right'; readonly body: UndoBody }
  | { readonly kind: 'wrong'; readonly field: 'status' | 'from' | 'to' };

/** Rules that verdicts on keys name; others, such as a group's own, can be typed. */
export const knownRules = [
  'rate-limit',
  'quota',
  'unauthorized',
  'key-invalid',
  'forbidden',
] as const;

/** Reads the form; names the field that cannot be sent. */
export function undoOf({ rule, status, upstream, from, to }: UndoForm): AskedUndo {
  const code = Number(status);
  if (status.trim() !== '' && !(Number.isInteger(code) && code >= 100 && code <= 599)) {
    return { kind: 'wrong', field: 'status' };
  }
  const [begins, ends] = [fromLocalInput(from), fromLocalInput(to)];
  if (begins === undefined) return { kind: 'wrong', field: 'from' };
  if (ends === undefined || ends < begins) return { kind: 'wrong', field: 'to' };
  return {
    kind: 'right',
    body: {
      ...(rule.trim() === '' ? {} : { rule: rule.trim() }),
      ...(status.trim() === '' ? {} : { status: code }),
      ...(upstream === '' ? {} : { upstream }),
      from: begins,
      to: ends,
    },
  };
}
