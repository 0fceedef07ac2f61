import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigSnapshot, ConfigSnapshotSchema } from '@keymux/contracts';
import type { Vault } from '@keymux/vault';
import { Compile } from 'typebox/compile';

const isSnapshot = Compile(ConfigSnapshotSchema);

/** The last config on disk, sealed, since addresses of proxies carry passwords. */
export class KeptConfig {
  readonly #path: string;
  readonly #vault: Vault;

  constructor(directory: string, vault: Vault) {
    this.#path = join(directory, 'config.sealed');
    this.#vault = vault;
  }

  /** Throws what the file system throws. */
  write(snapshot: ConfigSnapshot): void {
    const writing = `${this.#path}.new`;
    writeFileSync(writing, this.#vault.seal(JSON.stringify(snapshot)), { mode: 0o600 });
    renameSync(writing, this.#path);
  }

  /** Null when there is none that can be read. */
  read(): ConfigSnapshot | null {
    try {
      const value: unknown = JSON.parse(this.#vault.open(readFileSync(this.#path, 'utf8')));
      return isSnapshot.Check(value) ? value : null;
    } catch {
      // None yet, or of another encryption key: the config service has it in any case.
      return null;
    }
  }
}
