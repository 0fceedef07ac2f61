import type { Group, Setting } from '../api/generated.ts';

export type Warning =
  | { readonly kind: 'http' | 'short-proxy-key' | 'bodies' }
  | { readonly kind: 'no-proxy-key'; readonly group: string }
  | { readonly kind: 'unread'; readonly n: number };

const shortestSafeKey = 16;
/** Messages that could not be read are kept for long; those from before this need nobody any more. */
const unreadMs = 7 * 86_400_000;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** What about this installation is not safe. */
export function warningsOf(about: {
  readonly settings: readonly Setting[];
  readonly groups: readonly Group[];
  readonly protocol: string;
  readonly host: string;
}): readonly Warning[] {
  const value = (name: string): unknown => about.settings.find((each) => each.name === name)?.value;
  const proxyKeys = String(value('proxy_keys') ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const warnings: Warning[] = [];
  if (about.protocol === 'http:' && !loopback.test(about.host)) warnings.push({ kind: 'http' });
  if (proxyKeys.some((each) => each.length < shortestSafeKey)) {
    warnings.push({ kind: 'short-proxy-key' });
  }
  if (value('enable_request_body_logging') === true) warnings.push({ kind: 'bodies' });
  if (proxyKeys.length > 0) return warnings;
  const closed = about.groups.find((each) => each.enabled && each.proxy_keys.length === 0);
  return closed === undefined
    ? warnings
    : [...warnings, { kind: 'no-proxy-key', group: closed.name }];
}

/** That messages could not be read lately; all that are kept are counted. */
export function unreadWarningOf(
  unread: { readonly items: readonly { readonly time: string }[]; readonly total?: number },
  nowMs: number,
): Warning[] {
  const [newest] = unread.items;
  if (newest === undefined || nowMs - Date.parse(newest.time) > unreadMs) return [];
  return [{ kind: 'unread', n: unread.total ?? unread.items.length }];
}
