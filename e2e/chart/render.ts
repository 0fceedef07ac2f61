import { fileURLToPath } from 'node:url';
import { helm } from '@keymux/parts/helm';
import { runProgram } from '@keymux/parts/program';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from './objects.ts';

export const chart = fileURLToPath(new URL('../../deploy/helm/keymux', import.meta.url));

/** What Helm made of the chart, or what it has against the values. */
export type Rendered =
  | {
      readonly kind: 'rendered';
      readonly text: string;
      readonly objects: readonly KubernetesObject[];
    }
  | { readonly kind: 'refused'; readonly message: string };

/** Renders the chart as `helm install keymux` would. */
export async function render(values: object, more: readonly string[] = []): Promise<Rendered> {
  const said = await runHelm(['template', 'keymux', chart, '--values', '-', ...more], values);
  if (said.kind === 'failed') return { kind: 'refused', message: said.message };
  const documents = parseAllDocuments(said.text, { uniqueKeys: true });
  // An empty text is an object of its own kind.
  const all = 'empty' in documents ? [] : documents;
  const objects = all.map((each) => {
    if (each.errors.length > 0) throw new Error(`${each.errors.join('\n')}\n${said.text}`);
    return each.toJS() as KubernetesObject | null;
  });
  return {
    kind: 'rendered',
    text: said.text,
    objects: objects.filter((each) => each !== null),
  };
}

/** What the chart is with values that are good; rejects with what Helm has against them. */
export async function objectsOf(
  values: object,
  more: readonly string[] = [],
): Promise<{ readonly text: string; readonly objects: readonly KubernetesObject[] }> {
  const rendered = await render(values, more);
  if (rendered.kind === 'refused') throw new Error(rendered.message);
  return rendered;
}

/** `helm lint --strict`: what it complains of; empty when nothing. */
export async function lint(values: object): Promise<string> {
  const said = await runHelm(['lint', '--strict', '--quiet', chart, '--values', '-'], values);
  return said.kind === 'failed' ? said.message : said.text;
}

/** Helm made from source takes a very old Kubernetes for there where none is. */
const kubernetes = ['--kube-version', '1.37.0'];

async function runHelm(
  args: readonly string[],
  values: object,
): Promise<{ kind: 'said'; text: string } | { kind: 'failed'; message: string }> {
  const running = runProgram(await helm(), [...args, ...kubernetes], {
    maxBuffer: 16 * 1024 * 1024,
  });
  running.child.stdin?.end(JSON.stringify(values));
  return running.then(
    ({ stdout }) => ({ kind: 'said', text: stdout }),
    (error: unknown) => ({
      kind: 'failed',
      message: error instanceof Error ? error.message : String(error),
    }),
  );
}
