import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Compressed bytes of JavaScript that a browser loads before it shows the first page. */
export function initialScriptBytes(folder: string): number {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const names = new Set(
    Array.from(html.matchAll(/(?:src|href)="([^"]+\.js)"/g), ([, name]) => name ?? ''),
  );
  return Array.from(names, (name) => sizeOf(join(folder, name))).reduce((a, b) => a + b, 0);
}

function sizeOf(file: string): number {
  const twin = statSync(`${file}.gz`, { throwIfNoEntry: false });
  return (twin ?? statSync(file)).size;
}
