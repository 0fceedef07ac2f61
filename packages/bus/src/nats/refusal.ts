import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as open, isIP, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import {
  AuthorizationError,
  buildAuthenticator,
  type NodeConnectionOptions,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';

const defaultPort = 4222;
/** For each thing that a server has to say. */
const patienceMs = 1_000;
/** A server that may take nobody more says so right after its greeting, before it speaks TLS. */
const secondWordMs = 500;
/** More than any greeting. */
const mostText = 65_536;
const greeting = /^INFO\s+(\{.*\})\s*\r\n/i;
const objection = /^-ERR\s+'?(.*?)'?\s*\r\n/im;
const answer = /^(?:-ERR|PONG)\b.*\r\n/im;

/** What we heed of a server's greeting. */
interface Info {
  readonly tls_required?: boolean;
  readonly tls_available?: boolean;
  readonly nonce?: string;
}

/** True when an error says that the server refuses the credentials. */
export function refusesCredentials(error: unknown): boolean {
  return error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;
}

/**
 * What the first of the servers that objects to a connection says; null when none does. Takes seconds at most. The client
 * forgets what a server says before a connection is made, and fails in many ways when it then hangs up.
 */
export async function hearObjection(options: NodeConnectionOptions): Promise<string | null> {
  for (const server of [options.servers ?? []].flat()) {
    const text = await converse(server, options).catch(() => '');
    const said = objection.exec(text)?.[1];
    if (said !== undefined) return said;
  }
  return null;
}

/** What a server says to somebody who joins as we do, in its greeting or at the end. */
async function converse(
  server: string,
  { tls, ...options }: NodeConnectionOptions,
): Promise<string> {
  const { hostname, port } = new URL(`nats://${server}`);
  const host = hostname.replaceAll(/[[\]]/g, '');
  const plain = open({ host, port: Number(port) || defaultPort }).on('error', ignored);
  let socket = plain;
  try {
    let text = await textUntil(greeting, plain, patienceMs);
    const info = JSON.parse(greeting.exec(text)?.[1] ?? 'null') as Info | null;
    if (info === null) return text;
    text += await textUntil(objection, plain, secondWordMs);
    if (objection.test(text)) return text;
    if (info.tls_required === true || info.tls_available === true) {
      socket = await secured(plain, host, tls ?? {});
    } else if (tls !== undefined) {
      // The client gives no credentials away there either.
      return text;
    }
    const credentials = buildAuthenticator(options)(info.nonce);
    const asked = { verbose: false, protocol: 1, name: options.name, ...credentials };
    socket.write(`CONNECT ${JSON.stringify(asked)}\r\nPING\r\n`);
    return await textUntil(answer, socket, patienceMs);
  } finally {
    socket.destroy();
    plain.destroy();
  }
}

/** The connection over TLS, to who it should be; rejects when it is another one. */
async function secured(
  plain: Socket,
  host: string,
  { caFile, certFile, keyFile }: NonNullable<NodeConnectionOptions['tls']>,
): Promise<Socket> {
  const socket = secure({
    socket: plain,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  });
  socket.on('error', ignored);
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(patienceMs) });
  return socket;
}

/** How it ends tells enough. */
function ignored(): void {}

/** What a connection brings until it fits, ends, or the time is over. */
function textUntil(wanted: RegExp, socket: Socket, ms: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const hear = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (wanted.test(text) || text.length > mostText) end();
    };
    const end = (): void => {
      clearTimeout(timer);
      socket.off('data', hear).off('close', end);
      resolve(text);
    };
    const timer = setTimeout(end, ms);
    socket.on('data', hear).on('close', end);
  });
}
