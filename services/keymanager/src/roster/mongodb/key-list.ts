import type { Clock } from '@keymux/service';
import type { Filter, Sort } from 'mongodb';
import type { KeyList, KeyOrder, ListPosition, ListRequest } from '../key-list.ts';
import type { KeyCollections, KeyDocument } from './collections.ts';
import { conditionOf } from './condition.ts';
import { listedIn } from './key-document.ts';

type OrderField = 'seq' | 'last_used_ms' | 'requests' | 'failures';

const orderFields: Record<KeyOrder, OrderField> = {
  created_at: 'seq',
  last_used_at: 'last_used_ms',
  requests: 'requests',
  failures: 'failures',
};

function behind(
  field: OrderField,
  direction: ListRequest['direction'],
  { value, seq }: ListPosition,
): Filter<KeyDocument> {
  const way = direction === 'ascending' ? '$gt' : '$lt';
  if (field === 'seq') return { seq: { [way]: seq } };
  return { $or: [{ [field]: { [way]: value } }, { [field]: value, seq: { [way]: seq } }] };
}

/** Lists from MongoDB. */
export function createKeyList({ keys }: Pick<KeyCollections, 'keys'>, clock: Clock): KeyList {
  return {
    page: async ({ poolId, filter, order, direction, after, limit }) => {
      const condition = conditionOf(poolId, filter, clock.now());
      const field = orderFields[order];
      const way = direction === 'ascending' ? 1 : -1;
      const sort: Sort = field === 'seq' ? { seq: way } : { [field]: way, seq: way };
      const found = await keys
        .find(after === null ? condition : { $and: [condition, behind(field, direction, after)] })
        .sort(sort)
        // One more, which tells whether there is a next page.
        .limit(limit + 1)
        .toArray();
      const end = found.length > limit ? found[limit - 1] : undefined;
      return {
        keys: found.slice(0, limit).flatMap((document) => listedIn(document) ?? []),
        next: end === undefined ? null : { value: end[field], seq: end.seq },
      };
    },
    count: (poolId, filter) => keys.countDocuments(conditionOf(poolId, filter, clock.now())),
    lastSeq: async (poolId) => {
      const last = await keys.find({ pool: poolId }).sort({ seq: -1 }).limit(1).next();
      return last?.seq ?? 0;
    },
  };
}
