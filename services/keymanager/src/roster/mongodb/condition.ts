import type { KeyStatus } from '@keymux/contracts';
import type { Filter } from 'mongodb';
import type { KeyFilter } from '../key-filter.ts';
import type { KeyDocument } from './collections.ts';

function statusCondition(status: KeyStatus, nowMs: number): Filter<KeyDocument> {
  switch (status) {
    case 'cooling':
      return { status: 'active', rest_until_ms: { $gt: nowMs } };
    case 'active':
      return { status: 'active', rest_until_ms: { $lte: nowMs } };
    case 'blacklisted':
    case 'disabled':
      return { status };
    default:
      return status satisfies never;
  }
}

/** The query of a filter over one pool. */
export function conditionOf(poolId: number, filter: KeyFilter, nowMs: number): Filter<KeyDocument> {
  const { status, rule, sinceMs, untilMs, seqs, ids, fingerprints, upToSeq } = filter;
  const parts: Filter<KeyDocument>[] = [{ pool: poolId }];
  if (status !== undefined) parts.push(statusCondition(status, nowMs));
  if (rule !== undefined) parts.push({ cause_rule: rule });
  if (sinceMs !== undefined) parts.push({ cause_ms: { $gte: sinceMs } });
  if (untilMs !== undefined) parts.push({ cause_ms: { $ne: null, $lte: untilMs } });
  if (seqs !== undefined) parts.push({ seq: { $in: [...seqs] } });
  if (ids !== undefined) parts.push({ _id: { $in: [...ids] } });
  if (fingerprints !== undefined) parts.push({ fingerprint: { $in: [...fingerprints] } });
  if (upToSeq !== undefined) parts.push({ seq: { $lte: upToSeq } });
  return { $and: parts };
}
