import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import dockerignore from '@balena/dockerignore';

/** Folders that are large and never told of: walking them takes seconds. */
const unread = new Set(['node_modules', '.git']);

/** The files below `root` that its .dockerignore lets through, by their paths from there. */
export function contextFiles(root: string): readonly string[] {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8');
  if (!rules.includes('**/node_modules\n')) throw new Error('.dockerignore lets node_modules in');
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!unread.has(entry.name)) walk(path);
      } else if (entry.isFile()) found.push(path);
    }
  };
  walk('');
  return dockerignore.default().add(rules).filter(found);
}
