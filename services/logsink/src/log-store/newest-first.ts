/** Places of a day in falling order, a chunk at a time: at most `limit` of those below a place. */
export type PlaceStream = (below: number, limit: number) => readonly number[];

const largestChunk = 256;

interface Head {
  readonly stream: PlaceStream;
  places: readonly number[];
  at: number;
}

/** Merges streams, newest first; each is read only as far as it is needed. */
export function* newestFirst(streams: readonly PlaceStream[], below: number): Generator<number> {
  const heap: Head[] = [];
  const seqOf = (head: Head | undefined): number => head?.places[head.at] ?? -1;
  const sink = (from: number): void => {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      const bigger = seqOf(heap[left + 1]) > seqOf(heap[left]) ? left + 1 : left;
      const [parent, child] = [heap[at], heap[bigger]];
      if (parent === undefined || child === undefined || seqOf(child) <= seqOf(parent)) return;
      heap[at] = child;
      heap[bigger] = parent;
      at = bigger;
    }
  };
  for (const stream of streams) {
    const places = stream(below, 1);
    if (places.length > 0) heap.push({ stream, places, at: 0 });
  }
  for (let at = Math.floor(heap.length / 2); at >= 0; at -= 1) sink(at);
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    const seq = seqOf(head);
    yield seq;
    head.at += 1;
    if (head.at === head.places.length) {
      head.places = head.stream(seq, Math.min(largestChunk, 2 * head.places.length));
      head.at = 0;
    }
    if (head.places.length === 0) {
      const last = heap.pop();
      if (last !== undefined && last !== head) heap[0] = last;
    }
    sink(0);
  }
}
