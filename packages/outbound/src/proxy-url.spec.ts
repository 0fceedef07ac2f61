import { describe as suite, expect, it } from 'vitest';
import { describe, readProxyUrl } from './proxy-url.ts';

suite('the address of a proxy', () => {
  it.each([
    ['http://proxy.test:3128', 'http', 'proxy.test', 3128],
    ['proxy.test:3128', 'http', 'proxy.test', 3128],
    ['http://proxy.test', 'http', 'proxy.test', 80],
    ['https://proxy.test', 'https', 'proxy.test', 443],
    ['socks5://proxy.test', 'socks5', 'proxy.test', 1080],
    ['socks5h://proxy.test:9050', 'socks5', 'proxy.test', 9050],
    ['socks5://[::1]:1081', 'socks5', '::1', 1081],
  ])('%s is %s at %s port %i', (text, scheme, host, port) => {
    expect(readProxyUrl(text)).toMatchObject({ kind: 'proxy', scheme, host, port });
  });

  it('may carry a user and a password, percent-encoded', () => {
    expect(readProxyUrl('socks5://us%40er:p%3Aw@proxy.test')).toMatchObject({
      username: 'us@er',
      password: 'p:w',
    });
  });

  it.each(['ftp://proxy.test', 'http://', 'http://a:%ff@proxy.test', 'http://proxy.test:99999'])(
    'cannot be %s',
    (text) => {
      expect(readProxyUrl(text)).toMatchObject({ kind: 'invalid' });
    },
  );

  it('is described without its user and password', () => {
    expect(describe('socks5://user:hunter2@proxy.test')).toBe('socks5://proxy.test:1080');
    expect(describe('http://user:hunter2@[::1]:3128')).toBe('http://[::1]:3128');
    expect(describe('ftp://user:hunter2@proxy.test')).toBe('invalid proxy');
    expect(describe('')).toBe('none');
  });

  it('is refused without being repeated', () => {
    expect(JSON.stringify(readProxyUrl('ftp://user:hunter2@proxy.test'))).not.toContain('hunter2');
  });
});
