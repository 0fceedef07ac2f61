/** A group's keys in one life of the group. */
export interface Pool {
  readonly id: number;
  readonly name: string;
  /** Of its last change; gap-free. */
  readonly revision: number;
  /** Its group was deleted: whoever asks for the name gets another pool. */
  readonly closed: boolean;
}

/** The pools that the roster knows. */
export interface Pools {
  /** The pool of a group that lives; undefined when it never had a key. */
  find(name: string): Promise<Pool | undefined>;
  /** The same, made when there is none. */
  open(name: string): Promise<Pool>;
  /** A pool by its id, closed or not. */
  byId(id: number): Promise<Pool | undefined>;
  /** Those whose groups live, by name. */
  all(): Promise<Pool[]>;
}
