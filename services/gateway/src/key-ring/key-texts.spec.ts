import { expect, it } from 'vitest';
import { KeyTexts } from './key-texts.ts';

it('leave nothing of the secret of a key that is gone', () => {
  const texts = new KeyTexts();
  const place = texts.put({ id: 'k', masked: 'm', sealed: 'a seal that is longer' });
  expect(texts.secret(place, () => 'sk-secret')).toBe('sk-secret');
  texts.free(place);
  expect(texts.secret(place, () => '')).toBe('\0'.repeat('sk-secret'.length));
});
