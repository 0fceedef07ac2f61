import type { KeyLimits } from '../../limits/key-limits.ts';
import type { Admitted, Refusal } from './admit.ts';
import { gatewayErrors } from '../gateway-error/gateway-error.ts';
import type { LogRecord } from '../row/log-record.ts';

/** Asks whether the client's proxy key has used up what its group allows; the refusal if so. */
export async function refusedByLimit(
  limits: KeyLimits,
  { group, proxyKey, record }: Admitted,
): Promise<Refusal | null> {
  const allowance = group.settings.proxyKeyAllowance;
  if (allowance === null) return null;
  const retryAfterMs = await limits.proxyKeyWaitMs(group, proxyKey, allowance);
  if (retryAfterMs === 0) return null;
  const code = 'proxy_key_rate_limited';
  return { kind: 'refused', code, channel: group.channel, record, retryAfterMs };
}

/** The record of a request that is refused. */
export function refusedRecord({ code, record }: Pick<Refusal, 'code' | 'record'>): LogRecord {
  const { status, message } = gatewayErrors[code];
  record.status = status;
  record.atFault = status < 500 ? 'client' : 'gateway';
  record.error = message;
  return record;
}

/** The header that says when to come again; none when it is not known. */
export function retryAfter({
  code,
  retryAfterMs,
}: Pick<Refusal, 'code' | 'retryAfterMs'>): string[] {
  const busy = code === 'overloaded' || code === 'draining' || code === 'not_ready';
  const waitMs = retryAfterMs ?? (busy ? 1_000 : 0);
  return waitMs > 0 ? ['retry-after', String(Math.ceil(waitMs / 1_000))] : [];
}
