import { type GatewayGroup, groupDefaults, type validatorOperations } from '@keymux/contracts';
import { checkWebAddress } from '@keymux/outbound';
import { type Handler, invalidField, problem } from '@keymux/service';
import { mask } from '@keymux/vault';
import type { HandlersDeps } from './handlers-deps.ts';
import { pickKey, type PickedKey } from './pick-key.ts';
import { testUpstreams, untested } from './upstream-tests.ts';

const notSavedYet =
  'a key of the group is sent only to upstreams that are saved: give another one to test with';

/** Tests what a group would be before it is saved, and asks which models there are. */
export function createTestUpstreams(
  deps: HandlersDeps,
): Handler<(typeof validatorOperations)['testUpstreams']> {
  const { config, listModels, stopping } = deps;

  /** The models that the first upstream names that names any. */
  async function modelsOf(request: Parameters<typeof testUpstreams>[1]): Promise<string[] | null> {
    const { group, settings, key, signal } = request;
    for (const { url: upstreamUrl } of group.upstreams) {
      const probe = { group, settings, upstreamUrl, secret: key.secret, signal };
      const models = await listModels(probe);
      if (models !== null) return models;
    }
    return null;
  }

  return async ({ body, signal: clientGone }) => {
    const { key: given, group: name, ...asked } = body;
    for (const [at, { url }] of asked.upstreams.entries()) {
      // A private address, where those are forbidden, is refused when it is connected to.
      const wrong = checkWebAddress(url, { forbidPrivate: false });
      if (wrong !== null) return invalidField(`upstreams[${at}].url`, wrong);
    }
    if (!config.loaded) return problem('unavailable');
    const saved = name === undefined ? undefined : config.group(name);
    if (name !== undefined && saved === undefined) return problem('not_found');
    if (given === undefined && saved === undefined) {
      return invalidField('key', 'is needed where no group has one');
    }
    const group: GatewayGroup = { ...groupDefaults, name: name ?? 'new', ...asked };
    const settings = saved?.settings ?? config.settingsOf(group);
    const known = new Set(saved?.group.upstreams.map(({ url }) => url));
    const [mine, others] = [
      group.upstreams.filter(({ url }) => given !== undefined || known.has(url)),
      given === undefined ? group.upstreams.filter(({ url }) => !known.has(url)) : [],
    ];
    const picked: PickedKey =
      given === undefined
        ? await pickKey(deps, group.name)
        : { kind: 'key', key: { secret: given, masked: mask(given) } };
    if (picked.kind === 'none') {
      const results = untested(group.upstreams, picked.message, picked.masked);
      return { status: 200, body: { results, models: null } };
    }
    const signal = AbortSignal.any([clientGone, stopping]);
    const request = { group: { ...group, upstreams: mine }, settings, key: picked.key, signal };
    const [results, models] = await Promise.all([testUpstreams(deps, request), modelsOf(request)]);
    const skipped = untested(others, notSavedYet, picked.key.masked);
    return { status: 200, body: { results: [...results, ...skipped], models } };
  };
}
