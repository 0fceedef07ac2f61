import { createServer, request, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createReplicaAgent } from './replica-agent.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const each of servers.splice(0)) await end(each);
});

async function start(name: string): Promise<{ address: string; server: Server }> {
  const server = createServer((req, res) => {
    req.resume().on('end', () => res.end(name));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  return { address: `http://127.0.0.1:${port}`, server };
}

const end = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

function post(agent: ReturnType<typeof createReplicaAgent>): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request('http://keymanager/api', { method: 'POST', agent }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
    });
    req.on('error', reject).end('a body');
  });
}

it('asks one replica after the other', async () => {
  const all = [await start('one'), await start('two'), await start('three')];
  const agent = createReplicaAgent(() => all.map(({ address }) => address));
  const answers = [];
  for (let each = 0; each < 6; each += 1) answers.push(await post(agent));
  expect(answers.slice(0, 3).toSorted()).toEqual(['one', 'three', 'two']);
  expect(answers.slice(3)).toEqual(answers.slice(0, 3));
});

it('goes on to the next where one takes no connection, and comes back to it', async () => {
  const [one, two] = [await start('one'), await start('two')];
  const addresses = [one.address, two.address];
  const agent = createReplicaAgent(() => addresses);
  await end(one.server);
  const answers = await Promise.all(Array.from({ length: 6 }, () => post(agent)));
  expect(new Set(answers)).toEqual(new Set(['two']));
  addresses[0] = (await start('one again')).address;
  const later = [await post(agent), await post(agent)];
  expect(later.toSorted()).toEqual(['one again', 'two']);
});

it('fails when none takes a connection', async () => {
  const one = await start('one');
  await end(one.server);
  await expect(post(createReplicaAgent(() => [one.address]))).rejects.toThrow('ECONNREFUSED');
  await expect(post(createReplicaAgent(() => []))).rejects.toThrow('there is no address');
});
