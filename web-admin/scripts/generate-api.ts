import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as contracts from '@keymux/contracts';
import { openApiDocument } from '@keymux/service';
import { format, resolveConfig } from 'prettier';
import { typeText } from './type-text.ts';

const target = fileURLToPath(new URL('../src/api/generated.ts', import.meta.url));

/** Shapes that have a name of their own in the console. */
const schemas = {
  Group: contracts.GroupViewSchema,
  NewGroup: contracts.NewGroupSchema,
  GroupPatch: contracts.GroupPatchSchema,
  Upstream: contracts.UpstreamSchema,
  Member: contracts.MemberSchema,
  ErrorRule: contracts.ErrorRuleSchema,
  HeaderRule: contracts.HeaderRuleSchema,
  Channel: contracts.ChannelInfoSchema,
  Key: contracts.KeyViewSchema,
  KeyEvent: contracts.EventViewSchema,
  LogRow: contracts.LogRowSchema,
  Attempt: contracts.AttemptSchema,
  Task: contracts.TaskSchema,
  Setting: contracts.SettingViewSchema,
  Revision: contracts.RevisionSchema,
  FieldDiff: contracts.FieldDiffSchema,
};

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: unknown;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: unknown }>> };
  readonly responses: Readonly<Record<string, { content?: Json }>>;
}

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Json };
}

// Made by our own function a line before.
const document = openApiDocument(contracts.operations, {
  version: '0.1.0',
  schemas,
}) as unknown as ApiDocument;

const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function parametersText(operation: DocumentedOperation, where: Parameter['in']): string {
  const found = (operation.parameters ?? []).filter((each) => each.in === where);
  if (found.length === 0) return 'undefined';
  const fields = found.map(
    ({ name, required, schema }) =>
      `readonly ${name}${required ? '' : '?'}: ${typeText(schema)}${required ? '' : ' | undefined'};`,
  );
  return `{ ${fields.join(' ')} }`;
}

function bodyText({ requestBody }: DocumentedOperation): string {
  if (requestBody === undefined) return 'undefined';
  const types = Object.entries(requestBody.content).map(([type, { schema }]) => {
    if (type === 'application/json') return typeText(schema);
    return type === 'multipart/form-data' ? 'FormData' : 'string | Blob';
  });
  return types.join(' | ');
}

function answerText({ responses }: DocumentedOperation): string {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => {
      const json = content?.['application/json'];
      return typeof json === 'object' && json !== null && 'schema' in json
        ? typeText(json.schema)
        : 'undefined';
    });
  return [...new Set(types)].join(' | ');
}

const text = `// Made from the OpenAPI document by \`npm run api -w web-admin\`. Not to be edited.

${Object.entries(document.components.schemas)
  .map(([name, schema]) => `export type ${name} = ${typeText(schema)};`)
  .join('\n\n')}

/** What each call takes and answers. */
export interface Operations {
${rows
  .map(
    ({ operation }) => `/** ${operation.summary} */
  ${operation.operationId}: {
    path: ${parametersText(operation, 'path')};
    query: ${parametersText(operation, 'query')};
    body: ${bodyText(operation)};
    answer: ${answerText(operation)};
  };`,
  )
  .join('\n')}
}

/** Where each call goes. */
export const routes = {
${rows
  .map(
    ({ path, method, operation }) =>
      `${operation.operationId}: { method: '${method.toUpperCase()}', path: '${path}' },`,
  )
  .join('\n')}
} as const satisfies Record<keyof Operations, { method: string; path: string }>;

/** What a new group may hold: the schema that the server checks by. */
export const newGroupSchema = ${JSON.stringify(contracts.NewGroupSchema)} as const;
`;
const formatted = await format(text, { ...(await resolveConfig(target)), filepath: target });

if (process.argv.includes('--check')) {
  let current = '';
  try {
    current = readFileSync(target, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  if (current !== formatted) {
    process.stderr.write('web-admin/src/api/generated.ts is stale: npm run api -w web-admin\n');
    process.exit(1);
  }
} else {
  writeFileSync(target, formatted);
}
