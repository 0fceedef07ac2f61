import { readFileSync } from 'node:fs';
import type { AdminOptions, SASLOptions } from '@platformatic/kafka';

/** How to connect; `shown` names the brokers without their credentials. */
export interface KafkaAddress {
  readonly connection: Pick<AdminOptions, 'bootstrapBrokers' | 'tls' | 'sasl'>;
  readonly shown: string;
}

const shape = /^(?:(kafkas?):\/\/)?(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?(.*))?$/;
const parameters = ['mechanism', 'ca', 'cert', 'key'];
const mechanisms = {
  'scram-sha-512': 'SCRAM-SHA-512',
  'scram-sha-256': 'SCRAM-SHA-256',
  plain: 'PLAIN',
} as const;

/**
 * Reads `[kafka://|kafkas://][user:password@]host[:port][,host…]`; `kafkas` is over TLS. `?mechanism=` is
 * `scram-sha-512` (the default), `scram-sha-256` or `plain`; `?ca=`, `?cert=` and `?key=` name PEM files.
 * Throws a sentence that never repeats a secret.
 */
export function parseKafkaBrokers(text: string): KafkaAddress {
  const [, scheme, login, hosts, query] = shape.exec(text.trim()) ?? [];
  const brokers = (hosts ?? '').split(',').map((each) => each.trim());
  const unreadable = brokers.some((each) => !URL.canParse(`kafka://${each}`) || each === '');
  if (unreadable) throw new Error('must be an address such as kafka://example.com:9092');
  const asked = new URLSearchParams(query);
  const unknown = [...asked.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined) {
    throw new Error(`?${unknown}= is none of ${parameters.join(', ')}`);
  }
  const file = (name: string): Record<string, Buffer> => {
    const path = asked.get(name);
    return path === null ? {} : { [name]: readFileSync(path) };
  };
  const tls = { ...file('ca'), ...file('cert'), ...file('key') };
  const secure = scheme === 'kafkas' || Object.keys(tls).length > 0;
  return {
    shown: brokers.join(),
    connection: {
      bootstrapBrokers: brokers,
      ...(secure ? { tls } : {}),
      ...(login === undefined || login === '' ? {} : { sasl: credentials(login, asked) }),
    },
  };
}

function credentials(login: string, asked: URLSearchParams): SASLOptions {
  const [username = '', password = ''] = login.split(/:(.*)/s).map(decodeURIComponent);
  const wanted = asked.get('mechanism')?.toLowerCase() ?? 'scram-sha-512';
  const mechanism = Object.entries(mechanisms).find(([name]) => name === wanted)?.[1];
  if (mechanism === undefined) {
    throw new Error(`?mechanism= must be one of ${Object.keys(mechanisms).join(', ')}`);
  }
  return { mechanism, username, password };
}
