import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dashboards } from './source/dashboards.ts';

// `npm run dashboards` writes what Grafana imports.
for (const [name, text] of dashboards) {
  writeFileSync(fileURLToPath(new URL(name, import.meta.url)), text);
}
