import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { newGroupSchema } from './generated.ts';

describe('a new group', () => {
  it('is fine with a name and a channel', () => {
    expect(check(newGroupSchema, { name: 'a', channel: 'openai' })).toEqual([]);
  });
  it('is told which field is wrong, and how', () => {
    const wrong = check(newGroupSchema, {
      name: 'Not OK',
      channel: 'openai',
      upstreams: [{ url: '', weight: 20_000 }],
      config: { max_retries: 1000 },
    });
    expect(wrong.map(({ field, kind }) => [field, kind])).toEqual([
      ['name', 'pattern'],
      ['upstreams.0.url', 'required'],
      ['upstreams.0.weight', 'range'],
      ['config.max_retries', 'range'],
    ]);
  });
  it('needs its required fields', () => {
    expect(check(newGroupSchema, { name: '' }).map(({ field, kind }) => [field, kind])).toEqual([
      ['name', 'required'],
      ['channel', 'required'],
    ]);
  });
});
