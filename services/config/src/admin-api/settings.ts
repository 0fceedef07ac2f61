import { type Reply } from '@keymux/service';
import { prepareSecrets } from '../proxy-key/prepare-secrets.ts';
import type { Decision } from '../revision/decision.ts';
import { type ConfigState, sealedSettings } from '../revision/state.ts';
import { decideSettings, secretsOf } from '../settings/decide-settings.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';
import { previewIn } from './preview-in.ts';
import { settingViews } from './setting-views.ts';

/** The system's settings. */
export function settingHandlers(
  deps: HandlerDeps,
): ConfigHandlers<'getSettings' | 'changeSettings'> {
  const { auth, configLog, vault } = deps;
  const parts = { vault, isAuthKey: auth.checkKey };
  const view = (state = configLog.state): Reply => ({
    status: 200,
    body: { items: settingViews(state, deps), revision: state.settingsRevision },
    headers: { etag: `"${state.settingsRevision}"` },
  });
  return {
    getSettings: async () => view(),
    changeSettings: async ({ body, query, actor, ifMatch }) => {
      const decide = (state: ConfigState): Decision => {
        const secrets = prepareSecrets(parts, secretsOf(body), sealedSettings(state));
        return decideSettings(state, { patch: body, ifMatch }, secrets);
      };
      if (query.dry_run !== true) {
        const made = await configLog.change(actor, decide);
        return made.kind === 'problem' ? made : view(made.state);
      }
      const made = await configLog.preview(decide);
      if (made.kind === 'problem') return made;
      const items = settingViews(made.state, deps);
      const { settingsRevision: revision } = made.before;
      return { status: 200, body: { items, revision, preview: previewIn(deps, made) } };
    },
  };
}
