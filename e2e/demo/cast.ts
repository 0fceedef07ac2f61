import type { ChannelName, NewGroup } from '@keymux/contracts';

/** A group of the demonstration, and what its traffic is like. */
export interface Role {
  readonly group: NewGroup & { readonly channel: ChannelName };
  readonly keys: number;
  /** Share of the keys that the provider refuses, by how. */
  readonly broken: Readonly<Partial<Record<Flaw, number>>>;
  /** Share of all requests. */
  readonly traffic: number;
  readonly models: readonly string[];
  /** Median duration, ms. */
  readonly typicalMs: number;
  readonly errorShare: number;
}

/** What is wrong with a key; a letter in its secret tells the simulator. */
export type Flaw = 'invalid' | 'quota' | 'limited' | 'billing';
export const flawLetters: Readonly<Record<string, Flaw>> = {
  Q: 'quota',
  X: 'invalid',
  L: 'limited',
  B: 'billing',
};

/** The groups of a team that uses four providers. */
export const castFor = (url: string): readonly Role[] => {
  const upstreams = [{ url, weight: 1 }];
  return [
    {
      group: {
        name: 'openai-main',
        display_name: 'OpenAI production',
        description: 'Chat and embeddings of the products.',
        channel: 'openai',
        upstreams,
        test_model: 'gpt-5-mini',
        config: { max_retries: 5, blacklist_threshold: 3 },
      },
      keys: 4200,
      broken: { invalid: 0.012, quota: 0.03, limited: 0.025, billing: 0.004 },
      traffic: 0.52,
      models: ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'text-embedding-3-large'],
      typicalMs: 900,
      errorShare: 0.008,
    },
    {
      group: {
        name: 'claude-team',
        display_name: 'Claude for engineering',
        channel: 'anthropic',
        upstreams,
        test_model: 'claude-sonnet-4-5',
        proxy_keys: ['pk-engineering-5d1c0a7be2f94c61'],
        config: { first_byte_timeout: 60 },
      },
      keys: 180,
      broken: { limited: 0.12, quota: 0.05 },
      traffic: 0.24,
      models: ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-haiku-4-5'],
      typicalMs: 3800,
      errorShare: 0.021,
    },
    {
      group: {
        name: 'gemini-batch',
        display_name: 'Gemini nightly batches',
        channel: 'gemini',
        upstreams,
        test_model: 'gemini-3-flash',
      },
      keys: 1250,
      broken: { limited: 0.3, invalid: 0.05 },
      traffic: 0.15,
      models: ['gemini-3-flash', 'gemini-3-pro'],
      typicalMs: 1500,
      errorShare: 0.035,
    },
    {
      group: {
        name: 'agents-eu',
        display_name: 'Agents (Responses API)',
        channel: 'openai-response',
        upstreams,
        test_model: 'gpt-5-mini',
        model_redirect_rules: { 'gpt-4o': 'gpt-5-mini' },
      },
      keys: 64,
      broken: { quota: 0.08 },
      traffic: 0.07,
      models: ['gpt-5', 'gpt-5-mini'],
      typicalMs: 5200,
      errorShare: 0.012,
    },
    {
      group: {
        name: 'trial-keys',
        display_name: 'Free trials',
        description: 'Collected keys of free plans.',
        channel: 'openai',
        upstreams,
        test_model: 'gpt-5-nano',
        config: { blacklist_threshold: 1 },
      },
      keys: 40,
      broken: { quota: 0.6, invalid: 0.3 },
      traffic: 0.02,
      models: ['gpt-5-nano'],
      typicalMs: 600,
      errorShare: 0.28,
    },
  ];
};
