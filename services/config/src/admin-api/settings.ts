import { type Reply } from '@keymux/service';
import { prepareSecrets } from '../proxy-key/prepare-secrets.ts';
import { sealedSettings } from '../revision/state.ts';
import { decideSettings, secretsOf } from '../settings/decide-settings.ts';
import type { ConfigHandlers, HandlerDeps } from './handler-deps.ts';
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
    changeSettings: async ({ body, actor, ifMatch }) => {
      const made = await configLog.change(actor, (state) => {
        const secrets = prepareSecrets(parts, secretsOf(body), sealedSettings(state));
        return decideSettings(state, { patch: body, ifMatch }, secrets);
      });
      return made.kind === 'problem' ? made : view(made.state);
    },
  };
}
