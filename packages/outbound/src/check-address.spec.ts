import { describe, expect, it } from 'vitest';
import { checkProxyAddress, checkWebAddress, normalAddress } from './check-address.ts';

const anywhere = { forbidPrivate: false };
const publicOnly = { forbidPrivate: true };

describe('the address of an upstream', () => {
  it.each(['https://api.openai.com', 'http://10.0.0.7:8080/base/', 'HTTPS://[2606:4700::1]/v1'])(
    'may be %s',
    (text) => expect(checkWebAddress(text, anywhere)).toBeNull(),
  );

  it.each([
    ['', 'not an address'],
    ['api.openai.com', 'not an address'],
    ['http://', 'not an address'],
    ['ftp://a.example', 'begin with'],
    ['file:///etc/passwd', 'begin with'],
    ['https://user:pass@a.example', 'credentials'],
    ['https://@a.example', 'credentials'],
    ['https://a.example?key=1', 'query'],
    ['https://a.example/?', 'query'],
    ['https://a.example/#top', 'fragment'],
    [' https://a.example', 'spaces'],
    ['https://a.exam\nple', 'control'],
    ['https:\\\\a.example', 'backslashes'],
  ])('may not be %j: %s', (text, why) => {
    expect(checkWebAddress(text, anywhere)).toContain(why);
  });

  it.each([
    'http://localhost:8080',
    'http://api.localhost.',
    'http://127.0.0.1',
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://10.1.2.3',
    'http://172.16.0.1',
    'http://192.168.1.1',
    'http://169.254.169.254/latest',
    'http://100.64.0.1',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::ffff:10.0.0.1]',
    'http://[fe80::1]',
    'http://[fd00::1]',
  ])('may not be %s where private addresses are forbidden', (text) => {
    expect(checkWebAddress(text, anywhere)).toBeNull();
    expect(checkWebAddress(text, publicOnly)).toContain('FORBID_PRIVATE_UPSTREAMS');
  });

  it('may be public where private addresses are forbidden', () => {
    expect(checkWebAddress('https://8.8.8.8/v1', publicOnly)).toBeNull();
    expect(checkWebAddress('https://api.openai.com', publicOnly)).toBeNull();
  });

  it('is the same with and without a slash at its end and a default port', () => {
    const [one, ...others] = ['https://A.example', 'https://a.example/', 'https://a.example:443//'];
    for (const other of others) expect(normalAddress(other)).toBe(normalAddress(one ?? ''));
    expect(normalAddress('https://a.example/v1')).not.toBe(normalAddress('https://a.example/v2'));
  });
});

describe('the address of an outbound proxy', () => {
  it.each(['', 'http://proxy:3128', 'https://user:pass@proxy', 'socks5://127.0.0.1:1080'])(
    'may be %j',
    (text) => expect(checkProxyAddress(text)).toBeNull(),
  );

  it.each([
    'proxy:3128',
    'gopher://proxy',
    'socks4://proxy',
    'http://',
    'socks5://',
    'http://user:%zz@proxy',
    'http://proxy?x=1',
    'http://pro xy',
  ])('may not be %j', (text) => {
    expect(checkProxyAddress(text)).toEqual(expect.any(String));
  });

  it('is not repeated in what is said about it, because it may hold a password', () => {
    expect(checkProxyAddress('ftp://me:secret@proxy')).not.toContain('secret');
    expect(checkProxyAddress('http://me:secret%zz@proxy')).not.toContain('secret');
  });
});
