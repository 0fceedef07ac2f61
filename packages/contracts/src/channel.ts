import { Type, type Static } from 'typebox';

/** The provider wire formats that Keymux speaks. */
export const channelNames = ['openai', 'openai-response', 'gemini', 'anthropic'] as const;

export const ChannelNameSchema = Type.Enum([...channelNames]);
export type ChannelName = (typeof channelNames)[number];

/** What a console needs to offer a channel: its name and its defaults. */
export const ChannelInfoSchema = Type.Object({
  name: ChannelNameSchema,
  test_model: Type.String(),
  base_url: Type.String(),
});
export type ChannelInfo = Static<typeof ChannelInfoSchema>;
