import type { Probe } from './channel.ts';

/** The probe of a channel, at the group's own endpoint where it names one. */
export function probeAt(
  validationEndpoint: string | undefined,
  usual: { readonly path: string; readonly body: unknown },
): Probe {
  const body = JSON.stringify(usual.body);
  const endpoint = (validationEndpoint ?? '').trim();
  if (endpoint === '') return { method: 'POST', path: usual.path, body };
  const read = /^GET\s+(.*)$/i.exec(endpoint)?.[1];
  if (read !== undefined) return { method: 'GET', path: rooted(read), body: null };
  return { method: 'POST', path: rooted(endpoint.replace(/^POST\s+/i, '')), body };
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
