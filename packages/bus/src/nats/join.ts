import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { Logger } from '@keymux/service';
import { hearObjection, refusesCredentials } from './refusal.ts';
import { reconcileStreams } from './streams.ts';

/** The oldest server that has what the bus needs. */
const oldest = { major: 2, minor: 10 };

/** How streams are made, and who is told of those that cannot be. */
export interface StreamsPlan {
  readonly replicas: number;
  readonly log: Logger;
}

/** What came of one try to join a server. */
export type Joined =
  | { readonly kind: 'joined'; readonly connection: NatsConnection }
  /** The server refuses the credentials. */
  | { readonly kind: 'refused' }
  /** `objection` is what the server said, if it said anything. */
  | { readonly kind: 'failed'; readonly problem: string; readonly objection: string | null };

/** Connects once, and makes the streams; a connection that cannot be used is closed. */
export async function tryToJoin(
  options: NodeConnectionOptions,
  plan: StreamsPlan,
): Promise<Joined> {
  let connection: NatsConnection;
  try {
    connection = await connect(options);
  } catch (error) {
    if (refusesCredentials(error)) return { kind: 'refused' };
    const objection = await hearObjection(options);
    const problem =
      objection === null
        ? `cannot be reached (${sentence(error)})`
        : `the server says: ${objection}`;
    return { kind: 'failed', problem, objection };
  }
  const problem = tooOld(connection) ?? (await streamsProblem(connection, plan));
  if (problem === null) return { kind: 'joined', connection };
  await connection.close();
  return { kind: 'failed', problem, objection: null };
}

/** Makes the streams, or brings them to the plan; what is in the way of that, or null. */
export async function streamsProblem(
  connection: NatsConnection,
  plan: StreamsPlan,
): Promise<string | null> {
  try {
    await reconcileStreams(await jetstreamManager(connection), plan);
    return null;
  } catch (error) {
    return `its streams cannot be made (${sentence(error)})`;
  }
}

function tooOld({ info }: NatsConnection): string | null {
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number);
  const enough = major > oldest.major || (major === oldest.major && minor >= oldest.minor);
  return enough ? null : `is version ${info?.version}, ${oldest.major}.${oldest.minor} is needed`;
}

/** What an error says. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
