/** The index grows shard by shard, so that no request waits until all of it has grown. */
const shardCount = 256;
const firstPlaces = 8;

/** Finds slots by the ids of their keys, in some 16 bytes a key; the ids are kept elsewhere. */
export class IdIndex {
  readonly #idOf: (slot: number) => string;
  /** Open addressing. A place is two numbers: a slot and one, 0 when the place is free, and the hash of its id. */
  readonly #shards: (Uint32Array | undefined)[] = Array.from({ length: shardCount });
  readonly #sizes = new Uint32Array(shardCount);

  constructor(idOf: (slot: number) => string) {
    this.#idOf = idOf;
  }

  /** The slot of a key; undefined when there is none of this id. */
  find(id: string): number | undefined {
    const hash = hashOf(id);
    const places = this.#shards[hash % shardCount];
    if (places === undefined) return undefined;
    for (let at = firstPlace(places, hash); places[at] !== 0; at = nextPlace(places, at)) {
      const slot = (places[at] ?? 0) - 1;
      if (places[at + 1] === hash && this.#idOf(slot) === id) return slot;
    }
    return undefined;
  }

  /** Adds the slot of an id that is not in the index. */
  add(id: string, slot: number): void {
    const hash = hashOf(id);
    const shard = hash % shardCount;
    const size = (this.#sizes[shard] ?? 0) + 1;
    let places = this.#shards[shard] ?? new Uint32Array(2 * firstPlaces);
    // At most half of the places are taken.
    if (4 * size > places.length) places = widened(places);
    this.#shards[shard] = places;
    this.#sizes[shard] = size;
    put(places, slot + 1, hash);
  }

  /** Takes an id out. */
  delete(id: string, slot: number): void {
    const hash = hashOf(id);
    const shard = hash % shardCount;
    const places = this.#shards[shard];
    if (places === undefined) return;
    let at = firstPlace(places, hash);
    while (places[at] !== slot + 1) {
      if (places[at] === 0) return;
      at = nextPlace(places, at);
    }
    places[at] = 0;
    this.#sizes[shard] = (this.#sizes[shard] ?? 0) - 1;
    // Those behind it may stand where they do because its place was taken.
    for (at = nextPlace(places, at); places[at] !== 0; at = nextPlace(places, at)) {
      const moved = places[at] ?? 0;
      places[at] = 0;
      put(places, moved, places[at + 1] ?? 0);
    }
  }
}

const firstPlace = (places: Uint32Array, hash: number): number =>
  2 * ((hash >>> 8) & (places.length / 2 - 1));

const nextPlace = (places: Uint32Array, at: number): number => (at + 2) & (places.length - 1);

function put(places: Uint32Array, taken: number, hash: number): void {
  let at = firstPlace(places, hash);
  while (places[at] !== 0) at = nextPlace(places, at);
  places[at] = taken;
  places[at + 1] = hash;
}

function widened(places: Uint32Array): Uint32Array {
  const wider = new Uint32Array(places.length * 2);
  for (let at = 0; at < places.length; at += 2) {
    const taken = places[at] ?? 0;
    if (taken !== 0) put(wider, taken, places[at + 1] ?? 0);
  }
  return wider;
}

// FNV-1a over the units of UTF-16, with the upper half folded in.
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
