/** Colours of lines: what counts first, what stands beside it, what is background, and what is bad. */
export const toneTokens = {
  accent: '--accent',
  second: '--second',
  calm: '--calm-fill',
  bad: '--bad-fill',
} as const;

export type ChartTone = keyof typeof toneTokens;
