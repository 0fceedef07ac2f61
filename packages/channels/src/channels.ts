import type { ChannelName } from '@keymux/contracts';
import { anthropic } from './anthropic.ts';
import type { Channel } from './channel.ts';
import { gemini } from './gemini.ts';
import { openai } from './openai.ts';
import { openaiResponse } from './openai-response.ts';

const byName = {
  openai,
  'openai-response': openaiResponse,
  gemini,
  anthropic,
} as const satisfies Record<ChannelName, Channel>;

/** Every channel, in the order they are offered. */
export const channels: readonly Channel[] = Object.values(byName);

/** The channel of a name. */
export function channelByName(name: ChannelName): Channel {
  return byName[name];
}
