import { get } from 'node:http';

/** A gateway answers at the one, a service that runs apart at the other. */
const ports = [process.env['PORT'] || '3001', process.env['SERVICE_PORT'] || '3002'];
const everywhere = ['', '0.0.0.0', '::'];
const host = process.env['HOST'] ?? '';
const path = process.argv[2] ?? '/healthz';
const timeout = 4_000;

/** The status of the answer; null where nobody listens. Rejects when there is no answer in time. */
function ask(port: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const at = { host: everywhere.includes(host) ? '127.0.0.1' : host, port, path, timeout };
    const request = get(at, (answer) => resolve(answer.resume().statusCode ?? 0));
    request.on('timeout', () => request.destroy(new Error(`no answer at ${port}${path}`)));
    request.on('error', (error) => {
      if ('code' in error && error.code === 'ECONNREFUSED') resolve(null);
      else reject(error);
    });
  });
}

const answers = await Promise.all(ports.map(ask));
const status = answers.find((each) => each !== null) ?? null;
process.stdout.write(status === null ? 'nobody listens\n' : `${path} says ${status}\n`);
process.exitCode = status === 200 ? 0 : 1;
