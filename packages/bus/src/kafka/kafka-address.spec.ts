import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseKafkaBrokers } from './kafka-address.ts';

it('reads brokers with and without a scheme', () => {
  for (const text of ['a:9092,b', 'kafka://a:9092,b', 'kafka://a:9092, b/']) {
    expect(parseKafkaBrokers(text)).toEqual({
      shown: 'a:9092,b',
      connection: { bootstrapBrokers: ['a:9092', 'b'] },
    });
  }
});

it('reads credentials, and how they are given', () => {
  expect(parseKafkaBrokers('kafka://u:p%40ss:w@a').connection).toMatchObject({
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p@ss:w' },
  });
  expect(parseKafkaBrokers('kafkas://u:p@a?mechanism=plain').connection).toEqual({
    bootstrapBrokers: ['a'],
    tls: {},
    sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' },
  });
});

it('reads the files of TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymux-kafka-address-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, 'PEM');
  expect(parseKafkaBrokers(`kafka://a?ca=${ca}`).connection.tls).toEqual({
    ca: Buffer.from('PEM'),
  });
  rmSync(folder, { recursive: true });
});

it('says what is wrong, without the secret', () => {
  for (const text of ['http://u:hunter2@a', 'kafka://u:hunter2@', 'kafka://u:hunter2@a,,b', '']) {
    expect(() => parseKafkaBrokers(text)).toThrow(/must be an address such as kafka:/);
    expect(() => parseKafkaBrokers(text)).not.toThrow(/hunter2/);
  }
  expect(() => parseKafkaBrokers('kafka://u:hunter2@a?mechanism=gssapi')).toThrow(
    '?mechanism= must be one of scram-sha-512, scram-sha-256, plain',
  );
  expect(() => parseKafkaBrokers('kafka://u:hunter2@a?sasl=plain')).toThrow(
    '?sasl= is none of mechanism, ca, cert, key',
  );
  expect(() => parseKafkaBrokers('kafka://u:hunter2@a?ca=/nowhere/at/all')).toThrow(/ENOENT/);
});
