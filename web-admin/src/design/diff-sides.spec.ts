import { expect, it } from 'vitest';
import { sidesOf } from './diff-sides.ts';

it('tells a changed value by both sides', () => {
  const diff = { field: 'config.max_retries', before: 3, after: 5 };
  expect(sidesOf(diff)).toEqual({ before: { text: '3' }, after: { text: '5' } });
});

it('says of a setting that has no value that it inherits one', () => {
  const diff = { field: 'groups.main.config.max_retries', before: 3, after: null };
  expect(sidesOf(diff)).toEqual({ before: { text: '3' }, after: 'inherited' });
});

it('leaves out the other side of a field of a group that begins or ends', () => {
  const begun = { field: 'channel', before: null, after: 'openai' };
  expect(sidesOf(begun)).toEqual({ before: null, after: { text: 'openai' } });
  const ended = { field: 'groups.main.description', before: '', after: null };
  expect(sidesOf(ended)).toEqual({ before: 'empty', after: null });
});
