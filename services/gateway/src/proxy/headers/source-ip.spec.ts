import { describe, expect, it } from 'vitest';
import { TrustedProxies } from './source-ip.ts';

describe('the source address', () => {
  it('is the peer’s where nobody is trusted', () => {
    expect(new TrustedProxies([]).sourceIp('10.0.0.1', '1.2.3.4')).toBe('10.0.0.1');
  });

  it('is the last hop that is not a trusted proxy', () => {
    const trusted = new TrustedProxies(['10.0.0.0/8', '::1']);
    expect(trusted.sourceIp('10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9')).toBe('1.2.3.4');
    expect(trusted.sourceIp('::ffff:10.0.0.1', '1.2.3.4')).toBe('1.2.3.4');
    expect(trusted.sourceIp('9.9.9.9', '1.2.3.4')).toBe('9.9.9.9');
  });

  it('is the peer’s when the header is nonsense', () => {
    expect(new TrustedProxies(['10.0.0.0/8']).sourceIp('10.0.0.1', '<script>')).toBe('10.0.0.1');
  });
});
