import { describe, expect, it } from 'vitest';
import { loggedQuery } from './logged-query.ts';

describe('the query in a log row', () => {
  it.each([
    '',
    '?',
    '?alt=sse&pageToken=abc&limit=20&max_tokens=5',
    '?a&b=&=c&keyword=x&monkey=y&x=%E4%B8%AD',
  ])('stays as it is without a secret: %s', (query) => {
    expect(loggedQuery(query)).toBe(query);
  });

  it.each([
    ['?api_key=abc&x=1', '?api_key=[redacted]&x=1'],
    ['?x=1&api-key=abc', '?x=1&api-key=[redacted]'],
    ['?apiKey=abc&access_token=a=b', '?apiKey=[redacted]&access_token=[redacted]'],
    ['?TOKEN=abc&X-Amz-Signature=abc', '?TOKEN=[redacted]&X-Amz-Signature=[redacted]'],
    ['?q=sk-abcdefgh12345678&r=AIzaSyabcdefgh', '?q=sk-[redacted]&r=AIza[redacted]'],
  ])('has no secret of %s', (query, logged) => {
    expect(loggedQuery(query)).toBe(logged);
  });
});
