import { existsSync } from 'node:fs';
import { settings } from '@keymux/contracts';
import { readEnvironment } from '@keymux/service';
import { rotateSecret } from '@keymux/vault';
import { encryptionKeyFile } from './secrets.ts';

function end(code: number, message: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`keymux: ${message}\n`);
  process.exit(code);
}

const read = readEnvironment({ env: process.env, settings, envFile: '.env' });
if (read.kind === 'invalid') end(1, `${read.variable}: ${read.message}`);
const { environment } = read;
if (environment.encryptionKey !== undefined) {
  end(
    1,
    'ENCRYPTION_KEY: is set by you, so set it anew and put the old value into ENCRYPTION_KEY_PREVIOUS; the next start encrypts everything anew while it serves',
  );
}
const file = encryptionKeyFile(environment);
if (!existsSync(file)) end(1, `DATA_DIR: there is no ${file}, so there is nothing to encrypt anew`);
const rotated = rotateSecret(file);
switch (rotated.kind) {
  case 'invalid':
    end(1, rotated.message);
  case 'pending':
    end(1, `${rotated.file} is still in use: start Keymux and let it finish first`);
  case 'rotated':
    end(
      0,
      `there is a new encryption key in ${file}; keep a copy of it. Restart Keymux: it encrypts everything anew while it serves, and then removes the old key`,
    );
}
