import { createServer } from 'node:http';
import { Agent } from 'undici';

/**
 * The least that a proxy on Node can be: `node:http` in, undici's dispatch out, a body of one piece,
 * no keys, no log, no error that is handled. What Keymux costs above it is what its features cost.
 */
const [upstream = ''] = process.argv.slice(2);
const agent = new Agent({ pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const body = chunks.length === 1 ? (chunks[0] ?? null) : Buffer.concat(chunks);
    const headers = [...req.rawHeaders];
    for (let at = headers.length - 2; at >= 0; at -= 2) {
      if (/^(host|connection|authorization)$/i.test(headers[at] ?? '')) headers.splice(at, 2);
    }
    headers.push('authorization', 'Bearer sk-x');
    agent.dispatch(
      { origin: upstream, path: req.url ?? '/', method: 'POST', headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status) => {
          const flat: string[] = [];
          const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
          for (let at = 0; at + 1 < raw.length; at += 2) {
            const name = String(raw[at]);
            if (!/^(connection|keep-alive|transfer-encoding)$/i.test(name)) {
              flat.push(name, String(raw[at + 1]));
            }
          }
          res.sendDate = false;
          res.writeHead(status, flat);
        },
        onResponseData: (_controller, chunk) => void res.write(chunk),
        onResponseEnd: () => void res.end(),
        onResponseError: () => void res.destroy(),
      },
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('disconnect', () => process.exit(0));
