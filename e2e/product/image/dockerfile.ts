import { readFileSync } from 'node:fs';
import { Cmd, Copy, DockerfileParser, Env, From, Healthcheck, Run } from 'dockerfile-ast';

/** One instruction of a stage, as far as it says something of files and programs. */
export type Step =
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'env'; readonly values: Readonly<Record<string, string>> }
  /** `from` is null for the build context. */
  | {
      readonly kind: 'copy';
      readonly from: string | null;
      readonly sources: readonly string[];
      readonly to: string;
    }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'volume'; readonly path: string }
  | { readonly kind: 'expose'; readonly ports: readonly string[] }
  | { readonly kind: 'healthcheck'; readonly command: readonly string[] }
  | { readonly kind: 'cmd'; readonly command: readonly string[] };

/** What stands from one FROM to the next. */
export interface Stage {
  readonly name: string | null;
  /** An image, or the name of a stage before. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** Reads a Dockerfile. Throws on an instruction that it does not know, which would else go untested. */
export function readDockerfile(file: string): readonly Stage[] {
  const stages: { name: string | null; base: string; steps: Step[] }[] = [];
  for (const each of DockerfileParser.parse(readFileSync(file, 'utf8')).getInstructions()) {
    const words = each.getArguments().map((word) => word.getValue());
    if (each instanceof From) {
      stages.push({ name: each.getBuildStage(), base: each.getImage() ?? '', steps: [] });
      continue;
    }
    const [first = ''] = words;
    const steps = stages.at(-1)?.steps;
    if (steps === undefined) throw new Error(`${each.getKeyword()} stands before any FROM`);
    if (each instanceof Copy) {
      const from = each.getFromFlag()?.getValue() ?? null;
      steps.push({ kind: 'copy', from, sources: words.slice(0, -1), to: words.at(-1) ?? '' });
    } else if (each instanceof Env) {
      const values = each.getProperties().map((one) => [one.getName(), one.getValue() ?? '']);
      steps.push({ kind: 'env', values: Object.fromEntries(values) });
    } else if (each instanceof Run) {
      steps.push({ kind: 'run', command: words.join(' ') });
    } else if (each instanceof Cmd) {
      steps.push({ kind: 'cmd', command: execForm(words) });
    } else if (each instanceof Healthcheck) {
      steps.push({ kind: 'healthcheck', command: execForm(words.slice(1)) });
    } else {
      steps.push(plainStep(each.getKeyword(), words, first));
    }
  }
  return stages;
}

function plainStep(keyword: string, words: readonly string[], first: string): Step {
  switch (keyword) {
    case 'WORKDIR':
      return { kind: 'workdir', path: first };
    case 'VOLUME':
      return { kind: 'volume', path: first };
    case 'EXPOSE':
      return { kind: 'expose', ports: words };
    case 'USER': {
      const [uid = 0, gid = 0] = first.split(':').map(Number);
      return { kind: 'user', uid, gid };
    }
    default:
      throw new Error(`${keyword}: this reader does not know what it does to an image`);
  }
}

/** Only the form that starts no shell: a shell would stand between the product and signals. */
function execForm(words: readonly string[]): readonly string[] {
  const command: unknown = JSON.parse(words.join(' '));
  if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return command;
  throw new Error(`${words.join(' ')} is no list of words`);
}
