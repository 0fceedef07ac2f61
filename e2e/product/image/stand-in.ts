import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { runProgram } from '@keymux/parts/program';
import { contextFiles } from './context.ts';
import { readDockerfile, type Stage, type Step } from './dockerfile.ts';

/** Of the user and the group `node` in the base image. */
const nodeUser = 1000;
const isRoot = process.getuid?.() === 0;

/** What a Dockerfile makes, in a folder in place of an image. */
export interface StandIn {
  /** In place of the image's root. */
  readonly root: string;
  readonly workdir: string;
  /** With paths of the image below `root`. */
  readonly env: NodeJS.ProcessEnv;
  readonly user: { readonly uid?: number; readonly gid?: number };
  readonly volume: string;
  readonly healthcheck: readonly string[];
  readonly command: readonly string[];
}

/**
 * Does what the Dockerfile's last stage says, and those it takes from, without an engine: copies the files that it and
 * .dockerignore let through, and runs its commands. The working folder of a stage in `done` is there already.
 * Only root can change the user.
 */
export async function buildStandIn(options: {
  readonly dockerfile: string;
  readonly context: string;
  readonly folder: string;
  readonly done: Readonly<Record<string, string>>;
}): Promise<StandIn> {
  const { context, folder, done } = options;
  const stages = readDockerfile(options.dockerfile);
  const allowed = contextFiles(context);
  const built = new Map<string, StandIn>();
  const last = stages.at(-1);
  if (last === undefined) throw new Error('a Dockerfile without FROM');

  async function stageOf(name: string): Promise<StandIn> {
    const stage = stages.find((each) => each.name === name);
    if (stage === undefined) throw new Error(`there is no stage ${name}`);
    const known = built.get(name) ?? (await build(stage));
    built.set(name, known);
    return known;
  }

  async function build(stage: Stage): Promise<StandIn> {
    const root = join(folder, stage.name ?? 'image');
    const inside = (path: string): string => (path.startsWith('/') ? join(root, path) : path);
    mkdirSync(root, { recursive: true });
    let workdir = root;
    let state: Omit<StandIn, 'root' | 'workdir'> = {
      env: {},
      user: {},
      volume: '',
      healthcheck: [],
      command: [],
    };
    if (stages.some(({ name }) => name === stage.base)) {
      const base = await stageOf(stage.base);
      copyAll(base.root, root);
      workdir = join(root, relative(base.root, base.workdir));
      state = { ...state, env: base.env, user: base.user };
    }

    async function run(command: string): Promise<void> {
      const node = dirname(process.execPath);
      const { PATH, ...env } = process.env;
      const here = command
        .replaceAll(/ --(owner|group)=node/g, isRoot ? ` --$1=${nodeUser}` : '')
        .replaceAll(' /', ` ${root}/`);
      await runProgram('sh', ['-c', here], {
        cwd: workdir,
        env: { ...env, PATH: `${node}:${PATH ?? ''}`, ...state.env },
        ...state.user,
      });
    }

    function copyFromContext(sources: readonly string[], to: string): void {
      const target = resolve(workdir, inside(to));
      for (const source of sources) {
        const files = allowed.filter((file) => file === source || file.startsWith(source + sep));
        if (files.length === 0) throw new Error(`COPY ${source}: .dockerignore lets none of it in`);
        const isFolder = !allowed.includes(source);
        for (const file of files) {
          const name = isFolder ? relative(source, file) : basename(file);
          copyAll(join(context, file), isFolder || to.endsWith('/') ? join(target, name) : target);
        }
      }
    }

    async function take(step: Step): Promise<void> {
      switch (step.kind) {
        case 'workdir':
          workdir = inside(step.path);
          mkdirSync(workdir, { recursive: true });
          return;
        case 'env': {
          const values = Object.entries(step.values).map(([name, at]) => [name, inside(at)]);
          state = { ...state, env: { ...state.env, ...Object.fromEntries(values) } };
          return;
        }
        case 'copy': {
          if (step.from === null) return copyFromContext(step.sources, step.to);
          const ready = done[step.from];
          const from = ready ?? (await stageOf(step.from)).root;
          for (const source of step.sources) {
            // A stage that is done is its working folder alone.
            const path = ready === undefined ? source : source.replace(/^\/[^/]+/, '');
            copyAll(join(from, path), resolve(workdir, inside(step.to)));
          }
          return;
        }
        case 'run':
          return run(step.command);
        case 'user':
          if (isRoot) state = { ...state, user: { uid: step.uid, gid: step.gid } };
          return;
        case 'volume':
          state = { ...state, volume: inside(step.path) };
          return;
        case 'expose':
          return;
        case 'healthcheck':
          state = { ...state, healthcheck: step.command };
          return;
        case 'cmd':
          state = { ...state, command: step.command };
          return;
        default:
          return step satisfies never;
      }
    }

    for (const step of stage.steps) await take(step);
    return { ...state, root, workdir };
  }

  return build(last);
}

/** Links stay links: the packages that they lead to would else lie where Node strips no types. */
function copyAll(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`COPY ${from}: there is no such file`);
  mkdirSync(statSync(from).isDirectory() ? to : dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}
