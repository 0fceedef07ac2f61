/** A flat list of headers without those that `connection` names: they are of that connection only (RFC 9110 7.6.1). */
export function withoutNamed(flat: string[], connection: string | null): string[] {
  if (connection === null || /^\s*(keep-alive|close)\s*$/i.test(connection)) return flat;
  const named = new Set(connection.split(',').map((each) => each.trim().toLowerCase()));
  const kept: string[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = flat[at] ?? '';
    if (!named.has(name.toLowerCase())) kept.push(name, flat[at + 1] ?? '');
  }
  return kept;
}
