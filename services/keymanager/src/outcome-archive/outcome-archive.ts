import type { KeyOutcome } from '@keymux/contracts';

/** That of an outcome's key before it was heard, 0 where there is none; of a guard those of its keys. */
export type HeardVersion = number | readonly number[];

/** The version of one of the keys of an outcome, which has but one if it is no guard. */
export function versionOf(version: HeardVersion | undefined, ofKey = 0): number {
  return (typeof version === 'object' ? version[ofKey] : version) ?? 0;
}

/** A batch of outcomes as the keymanager heard it: all that is needed to decide on it again. */
export interface HeardOutcomes {
  readonly group: string;
  readonly producer: string;
  readonly heardMs: number;
  /** The blacklist threshold that was in force. */
  readonly threshold: number;
  readonly outcomes: readonly KeyOutcome[];
  /** Of each outcome. */
  readonly versions: readonly HeardVersion[];
}

/** Where a page of batches ended. */
export interface ArchivePlace {
  readonly heardMs: number;
  readonly seq: number;
}

/** Keeps outcomes for what-if; they are put in by the write that hears them. */
export interface OutcomeArchive {
  /** Batches of a group (null: of all) heard in [fromMs, toMs), in the order they were heard, from behind a place on. */
  page(request: {
    readonly group: string | null;
    readonly fromMs: number;
    readonly toMs: number;
    readonly after: ArchivePlace | null;
    readonly limit: number;
  }): Promise<{ batches: HeardOutcomes[]; next: ArchivePlace | null }>;
  /** Puts the nth batch that comes from another archive, which was empty before; may be repeated. */
  bring(n: number, heard: HeardOutcomes): Promise<void>;
  /** Forgets what was heard before a moment (epoch ms), a part at a time; true when there is more. */
  dropBefore(timeMs: number): Promise<boolean>;
}
