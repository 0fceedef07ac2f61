import type { Group } from '@keymux/contracts';
import type { FieldError } from '@keymux/service';

const maxOverridesBytes = 64 * 1024;
/** Deeper than any provider's parameters; merging goes down level by level. */
const maxOverridesDepth = 32;

/** Headers that a rule may not touch: those of the connection (RFC 9110 7.6.1), and what Keymux itself writes. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'content-length',
  'expect',
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'x-keymux-via',
]);

/** What is wrong with the rules by which a group rewrites requests and judges answers. */
export function checkRules(group: Group): FieldError[] {
  return [
    ...checkOverrides(group.param_overrides),
    ...group.header_rules.flatMap((rule, at) => checkHeaderRule(rule, `header_rules[${at}]`)),
    ...group.error_rules.flatMap((rule, at) => checkErrorRule(rule, `error_rules[${at}]`)),
    ...checkEndpoint(group.validation_endpoint),
  ];
}

function checkOverrides(overrides: Group['param_overrides']): FieldError[] {
  const field = 'param_overrides';
  // First, because turning it into text would go down as deep as it is.
  if (!isShallow(overrides)) {
    return [{ field, message: `may be nested ${maxOverridesDepth} levels deep at most` }];
  }
  const sizeBytes = new TextEncoder().encode(JSON.stringify(overrides)).length;
  return sizeBytes > maxOverridesBytes ? [{ field, message: 'may be 64 KiB of JSON at most' }] : [];
}

// Level by level, for a body may be nested deeper than a recursion can go.
function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= maxOverridesDepth; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}

function checkHeaderRule(rule: Group['header_rules'][number], field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (reservedHeaders.has(rule.name.toLowerCase())) {
    errors.push({ field: `${field}.name`, message: `${rule.name} is set by Keymux` });
  }
  if (rule.action === 'set' && rule.value === undefined) {
    errors.push({ field: `${field}.value`, message: 'is needed to set a header' });
  }
  return errors;
}

function checkErrorRule(rule: Group['error_rules'][number], field: string): FieldError[] {
  if (rule.seconds === undefined || rule.verdict === 'cooldown') return [];
  const message = 'says how long a cooldown is; the verdict is another';
  return [{ field: `${field}.seconds`, message }];
}

function checkEndpoint(endpoint: string): FieldError[] {
  if (endpoint === '' || /^((GET|POST) +)?\/[\x21\x22\x24-\x7e]*$/i.test(endpoint)) return [];
  const message = 'must be a path such as /v1/models, with GET or POST before it if you like';
  return [{ field: 'validation_endpoint', message }];
}
