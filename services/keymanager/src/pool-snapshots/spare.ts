/**
 * Which snapshots of a pool can be spared when only `most` may stay, given their positions in ascending
 * order. The newest stays; of the others those go first that are close together for their age, so that
 * the distance between two grows with how long ago they were. Pure.
 */
export function sparePositions(positions: readonly number[], most: number): number[] {
  const kept = [...positions];
  const spare: number[] = [];
  const newest = kept.at(-1) ?? 0;
  /** How little is lost with the one at a place: what a reader folds more then, by its age. */
  const loss = (at: number): number => {
    const before = kept[at - 1] ?? 0;
    const after = kept[at + 1] ?? newest;
    return (after - before) / (newest - before + 1);
  };
  while (kept.length > Math.max(1, most)) {
    let least = 0;
    for (let at = 1; at < kept.length - 1; at += 1) if (loss(at) < loss(least)) least = at;
    spare.push(...kept.splice(least, 1));
  }
  return spare;
}
