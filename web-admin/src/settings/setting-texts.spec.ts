import { describe, expect, it } from 'vitest';
import { valueText } from './setting-texts.ts';

const i18n = { t: (key: string) => key, number: (n: number) => n.toLocaleString('en') };
const shown = (name: string, value: unknown) => valueText({ name, value, nothing: '–' }, i18n);

describe('the value of a setting', () => {
  it('says in words what 0 means where it is no amount', () => {
    expect(shown('key_rpm_limit', 0)).toBe('settings.zeroUnlimited');
    expect(shown('blacklist_threshold', 0)).toBe('settings.zeroNever');
    expect(shown('request_log_retention_days', 0)).toBe('settings.zeroAll');
    expect(shown('max_retries', 0)).toBe('0');
  });

  it('is a number, a word or what stands for nothing', () => {
    expect(shown('key_rpm_limit', 1200)).toBe('1,200');
    expect(shown('headroom', true)).toBe('settings.on');
    expect(shown('proxy_url', '')).toBe('–');
  });
});
