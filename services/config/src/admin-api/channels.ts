import { channels } from '@keymux/channels';
import type { ConfigHandlers } from './handler-deps.ts';

/** The provider formats. */
export function channelHandlers(): ConfigHandlers<'listChannels'> {
  const items = channels.map(({ name, defaults }) => ({
    name,
    test_model: defaults.testModel,
    base_url: defaults.baseUrl,
  }));
  return { listChannels: async () => ({ status: 200, body: { items } }) };
}
