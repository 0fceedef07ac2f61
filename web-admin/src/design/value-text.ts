const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An upstream or a member, with its weight. */
function placeText(value: unknown): string | undefined {
  if (!isRecord(value) || typeof value['weight'] !== 'number') return undefined;
  const where = value['url'] ?? value['group'];
  return typeof where === 'string' ? `${where} × ${value['weight']}` : undefined;
}

/** A value of the config as a person reads it; empty when there is nothing in it. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const texts = value.map((each) => (typeof each === 'string' ? each : placeText(each)));
    if (texts.every((each) => each !== undefined)) return texts.join(', ');
  }
  return JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
}
