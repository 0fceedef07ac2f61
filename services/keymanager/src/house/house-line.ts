import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

export const houseFormat = 'keymux-house';
/** 2 has outcomes, too. */
export const houseVersion = 2;

const HeadSchema = Type.Object({
  format: Type.Literal(houseFormat),
  version: Type.Integer(),
  /** What the encryption key makes of a known text: tells whether it is the same. */
  sealed_with: Type.String(),
});
const EventSchema = Type.Object({
  stream: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  id: Type.String(),
  type: Type.String(),
  time: Type.String(),
  actor: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
});
const PoolSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  revision: Type.Integer(),
  closed: Type.Boolean(),
});
const UsageSchema = Type.Object({
  id: Type.String(),
  requests: Type.Integer(),
  failures: Type.Integer(),
  lastUsedMs: Type.Number(),
});
const OutcomesSchema = Type.Object({
  group: Type.String(),
  heard_ms: Type.Integer(),
  /** A batch as an archive keeps it, in base64. */
  packed: Type.String(),
});
const EndSchema = Type.Object({
  events: Type.Integer(),
  pools: Type.Integer(),
  keys: Type.Integer(),
  /** Batches; a house of version 1 has none. */
  outcomes: Type.Optional(Type.Integer()),
  /** SHA-256 of what the keys are: {@link keyDigest}. */
  roster: Type.String(),
  /** SHA-256 of all lines before this one. */
  lines: Type.String(),
});
const LineSchema = Type.Union([
  Type.Object({ head: HeadSchema }),
  Type.Object({ event: EventSchema }),
  Type.Object({ pool: PoolSchema }),
  Type.Object({ usage: UsageSchema }),
  Type.Object({ outcomes: OutcomesSchema }),
  Type.Object({ end: EndSchema }),
]);

/** One line of the file of a house: its head, then events, pools, usage, outcomes, and its end. */
export type HouseLine = Static<typeof LineSchema>;
export type HouseEnd = Static<typeof EndSchema>;
export type HouseEvent = Static<typeof EventSchema>;

const isLine = Compile(LineSchema);

/** What is wrong with a house, in a sentence for a person. */
export class HouseProblem extends Error {
  override readonly name = 'HouseProblem';
}

/** Reads a line; throws a {@link HouseProblem} for what is none. */
export function readHouseLine(text: string, number: number): HouseLine {
  try {
    const line: unknown = JSON.parse(text);
    if (isLine.Check(line)) return line;
  } catch {
    // Said below, as for a line of another form.
  }
  throw new HouseProblem(`line ${number} of the file is unreadable`);
}

/** The hash of a house's lines, and of its keys. */
export const newDigest = () => createHash('sha256');
