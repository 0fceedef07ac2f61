import type { Group } from '@keymux/contracts';
import type { FieldError } from '@keymux/service';
import { isPublicAddress } from '@keymux/outbound';
import type { ConfigState } from '../revision/state.ts';

const maxOverridesBytes = 64 * 1024;

/** Headers that a rule may not set: those of the connection, and the credentials Keymux puts in. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-authorization',
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'x-keymux-via',
]);

/** What is wrong with a group beyond what its schema says. */
export function checkGroup(
  group: Group,
  state: ConfigState,
  { forbidPrivate }: { forbidPrivate: boolean },
): FieldError[] {
  const kind =
    group.type === 'standard' ? checkStandard(group, forbidPrivate) : checkAggregate(group, state);
  return [...kind, ...checkRules(group), ...checkProxyUrl(group.config.proxy_url)];
}

function checkStandard(group: Group, forbidPrivate: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (group.members.length > 0) {
    errors.push({ field: 'members', message: 'only an aggregate group has members' });
  }
  if (group.upstreams.length === 0) {
    errors.push({ field: 'upstreams', message: 'a group needs at least one upstream' });
  } else if (group.upstreams.every(({ weight }) => weight === 0)) {
    errors.push({ field: 'upstreams', message: 'at least one upstream needs a weight above 0' });
  }
  const seen = new Set<string>();
  for (const [at, { url }] of group.upstreams.entries()) {
    const field = `upstreams[${at}].url`;
    const message = checkUrl(url, { schemes: ['http:', 'https:'], forbidPrivate });
    if (message !== null) errors.push({ field, message });
    else if (seen.has(url)) errors.push({ field, message: 'is there twice' });
    seen.add(url);
  }
  return errors;
}

function checkAggregate(group: Group, state: ConfigState): FieldError[] {
  const errors: FieldError[] = [];
  if (group.upstreams.length > 0) {
    errors.push({ field: 'upstreams', message: 'an aggregate group has members instead' });
  }
  if (group.members.length === 0) {
    errors.push({ field: 'members', message: 'an aggregate group needs at least one member' });
  } else if (group.members.every(({ weight }) => weight === 0)) {
    errors.push({ field: 'members', message: 'at least one member needs a weight above 0' });
  }
  const seen = new Set<string>();
  for (const [at, { group: name }] of group.members.entries()) {
    const field = `members[${at}].group`;
    const member = state.groups.get(name)?.group;
    if (member === undefined) errors.push({ field, message: `there is no group ${name}` });
    else if (member.type !== 'standard') {
      errors.push({ field, message: `${name} is an aggregate itself` });
    } else if (member.channel !== group.channel) {
      errors.push({ field, message: `${name} is of channel ${member.channel}` });
    } else if (seen.has(name)) errors.push({ field, message: 'is there twice' });
    seen.add(name);
  }
  return errors;
}

function checkRules(group: Group): FieldError[] {
  const errors: FieldError[] = [];
  if (JSON.stringify(group.param_overrides).length > maxOverridesBytes) {
    errors.push({ field: 'param_overrides', message: 'may be 64 KiB of JSON at most' });
  }
  for (const [at, rule] of group.header_rules.entries()) {
    if (reservedHeaders.has(rule.name.toLowerCase())) {
      errors.push({ field: `header_rules[${at}].name`, message: `${rule.name} is set by Keymux` });
    }
    if (rule.action === 'set' && rule.value === undefined) {
      errors.push({ field: `header_rules[${at}].value`, message: 'is needed to set a header' });
    }
  }
  for (const [at, rule] of group.error_rules.entries()) {
    if (rule.seconds !== undefined && rule.verdict !== 'cooldown') {
      errors.push({
        field: `error_rules[${at}].seconds`,
        message: 'says how long a cooldown is; the verdict is another',
      });
    }
  }
  return errors;
}

/** What is wrong with an outbound proxy's address; empty takes the environment's. */
export function checkProxyUrl(url: string | null | undefined): FieldError[] {
  if (url === undefined || url === null || url === '') return [];
  const schemes = ['http:', 'https:', 'socks5:'];
  const message = checkUrl(url, { schemes, forbidPrivate: false, credentials: true });
  return message === null ? [] : [{ field: 'proxy_url', message }];
}

/** A sentence about what is wrong with an address, or null. */
export function checkUrl(
  text: string,
  rules: { schemes: readonly string[]; forbidPrivate: boolean; credentials?: boolean },
): string | null {
  if (!URL.canParse(text)) return 'is not an address such as https://api.example.com';
  const url = new URL(text);
  if (!rules.schemes.includes(url.protocol)) {
    return `must begin with ${rules.schemes.map((each) => `${each}//`).join(' or ')}`;
  }
  if (rules.credentials !== true && (url.username !== '' || url.password !== '')) {
    return 'must not have credentials in it';
  }
  if (url.search !== '' || url.hash !== '') return 'must not have a query or a fragment';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const literal = /^[\d.]+$/.test(host) || host.includes(':');
  if (rules.forbidPrivate && (host === 'localhost' || (literal && !isPublicAddress(host)))) {
    return 'is a private address, which FORBID_PRIVATE_UPSTREAMS does not allow';
  }
  return null;
}
