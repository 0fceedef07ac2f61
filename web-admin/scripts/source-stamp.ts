import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = ['src/**/*', 'public/**/*', '*.json', 'scripts/*.ts'];

/** Names a state of the console's sources: the same for the same files, whatever their times. */
export function sourceStamp(folder: string): string {
  const hash = createHash('sha256');
  const entries = globSync(sources, { cwd: folder, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.includes('.spec.'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .toSorted();
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(join(folder, file)));
    hash.update('\0');
  }
  return hash.digest('hex');
}
