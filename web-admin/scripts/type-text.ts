type Json = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nameText = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`);

/** The TypeScript type of what a JSON schema of our OpenAPI document allows. */
export function typeText(schema: unknown): string {
  if (!isFields(schema)) return 'unknown';
  const { $ref, enum: values, anyOf, type } = schema;
  if (typeof $ref === 'string') return $ref.replace('#/components/schemas/', '');
  if (Array.isArray(values)) return values.map((each) => JSON.stringify(each)).join(' | ');
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  if (Array.isArray(anyOf)) return anyOf.map(typeText).join(' | ');
  switch (type) {
    case 'string':
      return schema['format'] === 'binary' ? 'Blob' : 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `readonly (${typeText(schema['items'])})[]`;
    case 'object':
      return objectText(schema);
    default:
      return 'unknown';
  }
}

function objectText(schema: Json): string {
  const { properties, patternProperties, additionalProperties } = schema;
  if (isFields(properties)) {
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    const fields = Object.entries(properties).map(([name, each]) => {
      const text = isFields(each) ? each['description'] : undefined;
      const doc = typeof text === 'string' ? `/** ${text.replaceAll('*/', '* /')} */\n` : '';
      return `${doc}readonly ${nameText(name)}${required.includes(name) ? '' : '?'}: ${typeText(each)};`;
    });
    return fields.length === 0 ? 'Readonly<Record<string, never>>' : `{\n${fields.join('\n')}\n}`;
  }
  const values = isFields(patternProperties)
    ? Object.values(patternProperties)[0]
    : additionalProperties;
  return `Readonly<Record<string, ${typeText(values)}>>`;
}
