import { settings } from '@keymux/contracts';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { environmentReference, type EnvironmentRow } from './environment.ts';

const introduction = `# Environment variables

A file \`.env\` in the folder that Keymux is started in is read too; the environment goes over it. An empty value counts as not set.
A secret may stand in a file whose path is in \`NAME_FILE\`. A value that makes no sense stops the start with one line that names
the variable. Those of the second table are a layer of the settings: over the defaults, under what admins set for all groups
or for one.

This page is made from the table that reads the variables.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function table(rows: readonly EnvironmentRow[]): string {
  const lines = rows.map(({ name, fileName, type, default: fallback, help }) => {
    const names = [name, ...(fileName === undefined ? [] : [fileName])];
    return `| ${names.map((each) => `\`${each}\``).join(', ')} | ${cell(type)} | ${cell(fallback)} | ${cell(help)} |`;
  });
  return ['| variable | value | default | what for |', '| --- | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

it('docs/environment.md tells every variable, as the table that reads them does', async () => {
  const rows = environmentReference(settings);
  const ofSettings = new Set(settings.map((each) => each.name.toUpperCase()));
  const page = [
    introduction,
    table(rows.filter((row) => !ofSettings.has(row.name))),
    '\n## Settings\n',
    table(rows.filter((row) => ofSettings.has(row.name))),
  ].join('\n');
  const formatted = await format(page, { parser: 'markdown' });
  await expect(formatted).toMatchFileSnapshot('../../../docs/environment.md');
});
