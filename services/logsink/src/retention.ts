const dayMs = 86_400_000;

/** Before which time whole days are dropped; null keeps all. */
export function dropBeforeMs(retentionDays: number, nowMs: number): number | null {
  return retentionDays === 0 ? null : nowMs - retentionDays * dayMs;
}
