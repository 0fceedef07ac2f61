import { existsSync } from 'node:fs';
import { rotateSecret } from '@keymux/vault';
import { commandEnvironment, endCommand } from './command.ts';
import { encryptionKeyFile } from './secrets.ts';

const environment = commandEnvironment();
if (environment.encryptionKey !== undefined) {
  endCommand(
    1,
    'ENCRYPTION_KEY: is set by you, so set it anew and put the old value into ENCRYPTION_KEY_PREVIOUS; the next start encrypts everything anew while it serves',
  );
}
const file = encryptionKeyFile(environment);
if (!existsSync(file))
  endCommand(1, `DATA_DIR: there is no ${file}, so there is nothing to encrypt anew`);
const rotated = rotateSecret(file);
switch (rotated.kind) {
  case 'invalid':
    endCommand(1, rotated.message);
  case 'pending':
    endCommand(1, `${rotated.file} is still in use: start Keymux and let it finish first`);
  case 'rotated':
    endCommand(
      0,
      `there is a new encryption key in ${file}; keep a copy of it. Restart Keymux: it encrypts everything anew while it serves, and then removes the old key`,
    );
}
