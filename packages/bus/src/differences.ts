/** The fields in which what is there is not what is wanted, as `name: found → wanted`. */
export function differences(wanted: object, found: object): string[] {
  const there = new Map(Object.entries(found));
  return Object.entries(wanted).flatMap(([field, value]) => {
    const other: unknown = there.get(field);
    const [a, b] = [JSON.stringify(value), JSON.stringify(other)];
    // A server leaves out what is false, zero or empty.
    if (a === b || (other === undefined && (value === false || value === 0))) return [];
    return [`${field}: ${b ?? 'unset'} → ${a}`];
  });
}
