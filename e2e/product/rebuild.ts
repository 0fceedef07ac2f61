import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Keymux } from './keymux.ts';

const command = fileURLToPath(new URL('../../services/standalone/src/rebuild.ts', import.meta.url));

/** Runs the command as a user does, on the machine of the product; rejects when it fails. */
export const rebuild = ({ dataDir, port, authKey }: Keymux): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [command], {
    cwd: dataDir,
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      PORT: String(port),
      AUTH_KEY: authKey,
    },
  });
