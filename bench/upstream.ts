import { createServer } from 'node:http';

/** A provider that answers at once: a completion of about 1 KB, or a chunk each 20 ms. */
const chunkMs = 20;
const chunk = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${'x'.repeat(120)}"},"finish_reason":null}]}\n\n`;
const completion = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'x'.repeat(700) }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 12, completion_tokens: 160, total_tokens: 172 },
  }),
);

const server = createServer((req, res) => {
  const chunks = Number(/[?&]chunks=(\d+)/.exec(req.url ?? '')?.[1] ?? 0);
  req.resume();
  req.on('end', () => {
    if (chunks === 0) {
      res.writeHead(200, {
        'content-type': 'application/json',
        'content-length': completion.length,
      });
      res.end(completion);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    let left = chunks;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) res.write(chunk);
      else {
        clearInterval(timer);
        res.end('data: [DONE]\n\n');
      }
    }, chunkMs);
    res.once('close', () => clearInterval(timer));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('disconnect', () => process.exit(0));
