import { describe, expect, it } from 'vitest';
import { withUploadAddress } from './upload-address.ts';

const upstream = { origin: 'https://google.example', basePath: '/base' };
const proxied = 'https://keymux.example/proxy/g';
const told = (address: string) =>
  withUploadAddress(['A', '1', 'X-Goog-Upload-URL', address], upstream, proxied);

describe('where an upload goes', () => {
  it('is through Keymux again, with the query', () => {
    expect(told('https://google.example/base/upload/v1beta/files?upload_id=a%2Fb')).toEqual([
      'A',
      '1',
      'X-Goog-Upload-URL',
      'https://keymux.example/proxy/g/upload/v1beta/files?upload_id=a%2Fb',
    ]);
  });

  it.each(['https://other.example/base/x', 'https://google.example/elsewhere', 'no address'])(
    'stays as it is where it is not at the upstream: %s',
    (address) => {
      expect(told(address)).toEqual(['A', '1', 'X-Goog-Upload-URL', address]);
    },
  );
});
