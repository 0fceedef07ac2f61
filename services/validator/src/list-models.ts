import { channelByName, type Channel, applyHeaderRules } from '@keymux/channels';
import type { Outbound } from '@keymux/outbound';
import type { ProbeRequest } from './probe.ts';
import { sendSmall } from './small-request.ts';

/** Some providers list hundreds of models, each with a page of facts. */
const mostBytes = 8 * 1024 * 1024;

/** Asks an upstream which models a key may use; null when it does not say. */
export type ModelLister = (request: ProbeRequest) => Promise<string[] | null>;

/** Makes a lister over the given connections. */
export function createModelLister({ outbound }: { outbound: Outbound }): ModelLister {
  return async ({ group, settings, upstreamUrl, secret, signal }) => {
    const channel: Channel = channelByName(group.channel);
    const { path, namesIn } = channel.models;
    const { origin, pathname } = new URL(upstreamUrl);
    const headers = applyHeaderRules(['accept', 'application/json'], group.header_rules, {
      group: group.name,
      model: '',
    });
    const names = new Set(
      headers.filter((_, at) => at % 2 === 0).map((each) => each.toLowerCase()),
    );
    const answer = await sendSmall(
      outbound.dispatcher({ origin, ...settings.connection }),
      {
        method: 'GET',
        path: `${pathname.replace(/\/+$/, '')}${path}`,
        headers: [...headers, ...channel.credentialHeaders(secret, path, names)],
        body: null,
        mostBytes,
      },
      AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]),
    );
    if (answer.kind !== 'answer' || answer.status !== 200) return null;
    const listed = namesIn(parsed(answer.text));
    return listed.length === 0 ? null : [...new Set(listed)];
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page of a proxy, or a list without end
  }
}
