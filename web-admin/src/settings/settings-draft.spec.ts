import { describe, expect, it } from 'vitest';
import type { Setting } from '../api/generated.ts';
import {
  diffOf,
  keysOf,
  maskSecret,
  patchOf,
  problemOf,
  shownIn,
  withDraft,
} from './settings-draft.ts';

const setting = (given: Partial<Setting>): Setting => ({
  name: 'max_retries',
  title: 'Retries',
  help: '',
  section: 'keys',
  type: 'integer',
  default: 3,
  min: 0,
  max: 100,
  value: 5,
  source: 'system',
  group_overridable: true,
  ...given,
});
const retries = setting({});
const bodies = setting({
  name: 'enable_request_body_logging',
  type: 'boolean',
  default: false,
  value: false,
  source: 'default',
});
const keys = setting({
  name: 'proxy_keys',
  type: 'string',
  default: '',
  value: 'sk-number-one-0123456789',
});
const proxy = setting({
  name: 'proxy_url',
  type: 'string',
  value: 'http://me:secret@proxy.example:3128',
});

describe('drafts of settings', () => {
  it('show what was written, else what is', () => {
    expect(shownIn(retries, {})).toBe('5');
    expect(shownIn(retries, { max_retries: '' })).toBe('');
    expect(shownIn(bodies, {})).toBe(false);
  });

  it('are gone when the value is what it was', () => {
    const drafts = withDraft({}, retries, '7');
    expect(drafts).toEqual({ max_retries: '7' });
    expect(withDraft(drafts, retries, '5')).toEqual({});
    expect(withDraft(drafts, retries, ' 05 ')).toEqual({});
    expect(withDraft({}, bodies, true)).toEqual({ enable_request_body_logging: true });
  });

  it('take the inherited value only where there is another', () => {
    expect(withDraft({}, retries, null)).toEqual({ max_retries: null });
    expect(withDraft({}, bodies, null)).toEqual({});
  });

  it.each([
    ['', { kind: 'number' }],
    ['1.5', { kind: 'number' }],
    ['1e2', { kind: 'number' }],
    ['-1', { kind: 'range', min: 0, max: 100 }],
    ['101', { kind: 'range', min: 0, max: 100 }],
    ['0', null],
    [' 100 ', null],
    [null, null],
  ])('%j of a number from 0 to 100 are %j', (draft, problem) => {
    expect(problemOf(retries, draft)).toEqual(problem);
  });

  it('become a patch of values, with null for what is inherited', () => {
    const drafts = { max_retries: '7', enable_request_body_logging: true, proxy_keys: null };
    expect(patchOf([retries, bodies, keys], drafts)).toEqual({
      max_retries: 7,
      enable_request_body_logging: true,
      proxy_keys: null,
    });
  });

  it('are compared with what is, without showing a secret', () => {
    const drafts = {
      max_retries: '7',
      proxy_keys: 'sk-number-one-0123456789,sk-number-two-0123456789',
      proxy_url: 'socks5://you:password@other.example',
    };
    const diff = diffOf([retries, bodies, keys, proxy], drafts);
    expect(diff).toEqual([
      { field: 'max_retries', before: 5, after: 7 },
      {
        field: 'proxy_keys',
        before: ['sk-num…6789'],
        after: ['sk-num…6789', 'sk-num…6789'],
      },
      {
        field: 'proxy_url',
        before: 'http://…@proxy.example:3128',
        after: 'socks5://…@other.example',
      },
    ]);
  });
});

describe('a list of keys', () => {
  it('is read with spaces and empty places', () => {
    expect(keysOf(' a, ,b,')).toEqual(['a', 'b']);
    expect(keysOf(null)).toEqual([]);
  });

  it('shows no key whole', () => {
    expect(maskSecret('12345678')).toBe('123…678');
  });
});
