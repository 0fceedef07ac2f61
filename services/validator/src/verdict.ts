import type { Channel } from '@keymux/channels';
import { scrubText } from '@keymux/service';
import type { SmallAnswer } from './small-request.ts';

/** What a probe says of its key; `none` when something else than the key was at fault. */
export interface ProbeVerdict {
  readonly says: 'works' | 'refused' | 'none';
  readonly status: number | null;
  /** At most 2 KiB, without secrets. */
  readonly message: string;
}

const maxMessageBytes = 2048;

/** Judges the answer to a probe. Only a 2xx shows that a key works; only an answer about the key shows that it does not. */
export function judgeProbe(
  answer: SmallAnswer,
  { channel, secret, timeoutMs }: { channel: Channel; secret: string; timeoutMs: number },
): ProbeVerdict {
  const told = (says: ProbeVerdict['says'], status: number | null, text: string): ProbeVerdict => ({
    says,
    status,
    message: cut(scrubText(text.replaceAll(secret, '[redacted]'))),
  });
  switch (answer.kind) {
    case 'aborted':
      return told('none', null, `no answer within ${timeoutMs} ms; this says nothing of the key`);
    case 'no-answer':
      return told('none', null, `${answer.message}; this says nothing of the key`);
    case 'answer': {
      const { status, text } = answer;
      if (status >= 200 && status < 300) {
        return hasError(text)
          ? told('none', status, `an error inside a ${status}: ${said(channel, answer)}`)
          : told('works', status, `HTTP ${status}`);
      }
      if (status < 400) return told('none', status, `HTTP ${status}: a redirect is not followed`);
      const facts = `HTTP ${status}: ${said(channel, answer)}`;
      if (status === 429) {
        return told(
          'none',
          status,
          `rate limited, so the key is known but gets nothing now: ${facts}`,
        );
      }
      if (status === 408 || status >= 500) {
        return told('none', status, `the upstream failed, which says nothing of the key: ${facts}`);
      }
      return told('refused', status, facts);
    }
    default:
      return answer satisfies never;
  }
}

function said(channel: Channel, { status, text }: { status: number; text: string }): string {
  return channel.errorFacts(status, {}, text).message;
}

/** Some compatible servers answer 200 with an error as the body. */
function hasError(text: string): boolean {
  if (!text.includes('"error"')) return false;
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !('error' in json)) return false;
    return (
      typeof json.error === 'string' || (typeof json.error === 'object' && json.error !== null)
    );
  } catch {
    return false; // not JSON, such as a stream: its status is all there is
  }
}

/** Cuts at the bound, never within a code point. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxMessageBytes) return text;
  let end = maxMessageBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}
