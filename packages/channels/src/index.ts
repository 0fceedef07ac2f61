export type { Channel, EventKind, OwnError, Probe, StreamingFacts } from './channel.ts';
export { channelByName, channels } from './channels.ts';
export type { ErrorFacts } from './error-facts.ts';
export { applyHeaderRules, isObject, mergeOverrides } from './group-rules.ts';
export type { TokenCounts } from './token-counts.ts';
export {
  createUsageScanner,
  type ScannedError,
  type ScanResult,
  type UsageScanner,
} from './usage-scanner.ts';
