import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { openHit, type Hit } from './hit.ts';

/** The WebSocket endpoint: greets, echoes every message, closes with the code it is told. */
export interface Realtime {
  readonly open: ReadonlySet<WebSocket>;
  /** Codes and reasons with which clients closed. */
  readonly closes: readonly { code: number; reason: string }[];
  close(): void;
}

/**
 * Serves `/v1/realtime` on a server. `{"type":"close","code":…,"reason":…}` makes it close,
 * `{"type":"terminate"}` makes it vanish. `refuses` answers instead, where it says so.
 */
export function serveRealtime(
  server: Server,
  heard: (hit: Hit) => void,
  refuses: (hit: Hit, req: IncomingMessage, socket: Duplex) => boolean,
): Realtime {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const closes: { code: number; reason: string }[] = [];

  server.on('upgrade', (req: IncomingMessage, socket, head) => {
    const { hit } = openHit(req, 0);
    heard(hit);
    if (refuses(hit, req, socket)) return;
    if (!hit.path.endsWith('/v1/realtime') || hit.key === null) {
      const body = '{"error":{"message":"no key","type":"invalid_request_error"}}';
      socket.end(
        `HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(req, socket, head, (ws) => {
      ws.on('close', (code, reason) => closes.push({ code, reason: reason.toString() }));
      ws.on('error', () => ws.terminate()); // a client that vanished
      ws.on('message', (data, binary) => {
        const text = binary || !Buffer.isBuffer(data) ? '' : data.toString();
        const close = /^\{"type":"close","code":(\d+),"reason":"([^"]*)"\}$/.exec(text);
        if (close !== null) ws.close(Number(close[1]), close[2]);
        else if (text === '{"type":"terminate"}') ws.terminate();
        else ws.send(data, { binary });
      });
      ws.send(JSON.stringify({ type: 'session.created', session: { id: 'sess_sim' } }));
    });
  });

  return {
    open: sockets.clients,
    closes,
    close() {
      for (const each of sockets.clients) each.terminate();
      sockets.close();
    },
  };
}
