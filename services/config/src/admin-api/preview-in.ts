import type { ConfigPreview } from '@keymux/contracts';
import { shownSecret } from '../proxy-key/prepare-secrets.ts';
import type { Change } from '../revision/config-log.ts';
import { previewOf } from '../revision/preview.ts';
import type { ViewDeps } from './group-view.ts';

/** What a dry run answers with. */
export function previewIn({ environmentSettings, vault }: ViewDeps, change: Change): ConfigPreview {
  return previewOf(change, {
    environment: environmentSettings,
    shown: (field, value) => shownSecret(vault, field, value),
  });
}
