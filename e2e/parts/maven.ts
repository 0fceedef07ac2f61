import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptFolder } from './kept-folder.ts';
import { debianProgram, runProgram } from './program.ts';

/** An artifact of Maven Central. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

/** The Java that runs and compiles parts. */
export const javaPackage = 'openjdk-17-jdk-headless';

/**
 * A kept folder with artifacts and all that they need, got from Maven Central once; `more` puts in what
 * else belongs there. Rejects with `missing` when it cannot be had.
 */
export async function mavenFolder(options: {
  readonly name: string;
  readonly artifacts: readonly Artifact[];
  readonly missing: string;
  readonly more?: (folder: string) => Promise<unknown>;
}): Promise<string> {
  return keptFolder(options.name, async (folder) => {
    const maven = await debianProgram('mvn', 'maven');
    const dependencies = options.artifacts.map(
      ({ group, name, version }) =>
        `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
    );
    const pom = join(folder, 'pom.xml');
    writeFileSync(
      pom,
      `<project><modelVersion>4.0.0</modelVersion><groupId>keymux</groupId><artifactId>parts</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>`,
    );
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
    await runProgram(maven, ['--quiet', '--batch-mode', '--file', pom, ...copy]).catch(
      (error: unknown) => {
        throw new Error(options.missing, { cause: error });
      },
    );
    await options.more?.(folder);
  });
}
