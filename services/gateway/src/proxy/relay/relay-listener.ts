import type { Ending } from './ending.ts';
import type { ResponseHeaders } from '../headers/response-headers.ts';

/** What a relay tells its request. Of `ended` there is one, except that after `refused-streaming` the end follows as `finished`. */
export interface RelayListener {
  /** The upstream answers: its headers are there. */
  answers(headers: ResponseHeaders): void;
  /** Judges the ending and settles the log row; of an `answered` one the relay is told when it is written. */
  ended(ending: Ending): void;
  /** The first byte goes to the client: no other attempt can follow. */
  committed(status: number): void;
  /** All of the answer was handed to the client's connection. */
  finished(): void;
  /** The client does not take what comes; false when it does again. */
  blocked(blocked: boolean): void;
}
