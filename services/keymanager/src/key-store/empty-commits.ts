import type { CommitLog } from '@keymux/event-store';
import type { Clock } from '@keymux/service';

/** A batch is delivered again within seconds; this is what a bus that was away may take. */
const batchesKeptMs = 2 * 3_600_000;

/**
 * Makes what removes commits without events, which only said that a batch was counted or a step made, when no
 * redelivery can come any more. Each call goes on where the last one ended: events are kept for ever.
 */
export function createEmptyCommits({
  commits,
  clock,
}: {
  readonly commits: CommitLog['commits'];
  readonly clock: Clock;
}): () => Promise<void> {
  let from = 0;
  const projection = { _id: 1 } as const;
  return async () => {
    // The last one stays: positions go on from it.
    const last = await commits.find({}, { projection }).sort({ _id: -1 }).limit(1).next();
    if (last === null) return;
    const at = { $gte: new Date(clock.now() - batchesKeptMs) };
    const young = commits.find({ _id: { $gte: from }, at }, { projection });
    const end = (await young.sort({ _id: 1 }).limit(1).next()) ?? last;
    await commits.deleteMany({
      _id: { $gte: from, $lt: end._id },
      events: { $size: 0 },
      pending: { $exists: false },
    });
    from = end._id;
  };
}
