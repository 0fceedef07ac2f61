import { startRedis } from '@keymux/parts/redis';
import { expect, it } from 'vitest';
import { startKeymux } from '../../product/keymux.ts';

// Of services apart each says so for itself: `apart/bad-starts` looks at all of them.
it('a start ends with one line when Redis refuses the credentials', async () => {
  const redis = await startRedis({ user: 'keymux', password: 'pa55' });
  const dsn = `redis://keymux:wrong-one@127.0.0.1:${redis.port}`;
  const keymux = await startKeymux({ env: { REDIS_DSN: dsn }, wait: false });
  try {
    expect((await keymux.exited()).code).toBe(1);
    const text = keymux.logs().trim();
    expect(text.split('\n')).toHaveLength(1);
    expect(text).toContain('REDIS_DSN: the server says WRONGPASS');
    expect(text).not.toContain('wrong-one');
  } finally {
    await keymux.close();
    await redis.stop();
  }
});
