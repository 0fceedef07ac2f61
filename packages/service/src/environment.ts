import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Setting, SettingValues } from '@keymux/contracts';
import { type Database, parseDatabaseDsn } from './database-dsn.ts';
import { environmentTable } from './environment-table.ts';
import type { InvalidEnvironment, Parsed, Variable } from './environment-variable.ts';
import { settingVariable } from './setting-variable.ts';
import {
  sendsTraces,
  type TraceExport,
  traceExportOf,
  traceSwitches,
  traceTable,
} from './trace-export.ts';

type Table = typeof environmentTable;
type Values = { [Name in keyof Table]: Table[Name] extends Variable<infer T> ? T : never };

/** What the process was told from outside: read once, checked, frozen. Times are in milliseconds. */
export type Environment = Readonly<
  Omit<Values, 'databaseDsn' | 'logFilePath' | 'logEnableFile'>
> & {
  /** Absolute. */
  readonly dataDir: string;
  /** The absolute path of the SQLite file, or `:memory:`. */
  readonly databasePath: string;
  /** The absolute path of the log file, when there shall be one. */
  readonly logFile: string | undefined;
  /** The environment's layer of the settings: over the defaults, under what admins set. */
  readonly settings: Readonly<Partial<SettingValues>>;
  /** Where traces go and which (`OTEL_*`); null sends none. */
  readonly traceExport: TraceExport | null;
};

type Layer = Readonly<Record<string, string | undefined>>;

// An empty value counts as unset: that is what compose files make of a variable that is not there.
function given(layer: Layer, names: readonly string[]): string | undefined {
  return names.map((name) => layer[name]?.trim()).find((text) => text !== undefined && text !== '');
}

const invalid = (variable: string, message: string): InvalidEnvironment => ({
  kind: 'invalid',
  variable,
  message,
});

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

function readSecretFile(variable: string, path: string): Parsed<string> | InvalidEnvironment {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? invalid(variable, `${path} is empty`) : { kind: 'value', value: text };
  } catch (error) {
    return invalid(variable, `cannot read ${path}: ${codeOf(error)}`);
  }
}

// The first layer that says anything wins, so that NAME there beats NAME_FILE in a later one.
function find(
  variable: Variable<unknown>,
  layers: readonly Layer[],
): Parsed<string | undefined> | InvalidEnvironment {
  for (const layer of layers) {
    const direct = given(layer, [variable.name, ...variable.aliases]);
    const fileVariable = `${variable.name}_FILE`;
    const path = variable.secret ? given(layer, [fileVariable]) : undefined;
    if (direct !== undefined && path !== undefined) {
      return invalid(variable.name, `is set, and so is ${fileVariable}: set one of them`);
    }
    if (path !== undefined) return readSecretFile(fileVariable, path);
    if (direct !== undefined) return { kind: 'value', value: direct };
  }
  return { kind: 'value', value: undefined };
}

function read<T>(
  variable: Variable<T>,
  layers: readonly Layer[],
): { value: T } | InvalidEnvironment {
  const found = find(variable, layers);
  if (found.kind !== 'value')
    return invalid('variable' in found ? found.variable : variable.name, found.message);
  if (found.value === undefined) return { value: variable.fallback };
  const parsed = variable.parse(found.value);
  if (parsed.kind === 'value') return { value: parsed.value };
  return invalid(variable.name, parsed.message);
}

function isInvalid(result: object): result is InvalidEnvironment {
  return 'kind' in result && result.kind === 'invalid';
}

function readTable<T extends Readonly<Record<string, Variable<unknown>>>>(
  table: T,
  layers: readonly Layer[],
):
  | {
      values: {
        [Name in keyof T]: ReturnType<T[Name]['parse']> extends Parsed<infer V> ? V : never;
      };
    }
  | InvalidEnvironment {
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(table)) {
    const result = read(variable, layers);
    if (isInvalid(result)) return result;
    values[name] = result.value;
  }
  // Each value came from the row of its name, which the type of the table cannot say.
  return { values: values as never };
}

function readEnvFile(path: string): { layer: Layer } | InvalidEnvironment {
  try {
    return { layer: parseEnv(readFileSync(path, 'utf8')) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { layer: {} };
    return invalid(path, `cannot be read: ${codeOf(error)}`);
  }
}

function findConflict(values: Values): InvalidEnvironment | undefined {
  if (values.enableCors && values.allowedOrigins.length === 0) {
    return invalid('ALLOWED_ORIGINS', 'must be set when ENABLE_CORS is true');
  }
  if (values.allowCredentials && values.allowedOrigins.includes('*')) {
    return invalid('ALLOWED_ORIGINS', 'must name origins, not *, when ALLOW_CREDENTIALS is true');
  }
  if (values.mongodbUrl !== undefined && databaseIn(values.databaseDsn)?.kind === 'mongodb') {
    return invalid('DATABASE_DSN', 'names a MongoDB, and so does MONGODB_URL: set one of them');
  }
  return undefined;
}

function databasePath(database: Database | undefined, dataDir: string): string {
  if (database?.kind !== 'sqlite') return join(dataDir, 'keymux.db');
  return database.path === ':memory:' ? database.path : resolve(database.path);
}

function databaseIn(dsn: string | undefined): Database | undefined {
  const parsed = dsn === undefined ? undefined : parseDatabaseDsn(dsn);
  return parsed?.kind === 'value' ? parsed.value : undefined;
}

// What is said of traces that are not sent harms nobody, so it is not read.
function readTraceExport(layers: readonly Layer[]): TraceExport | null | InvalidEnvironment {
  const switches = readTable(traceSwitches, layers);
  if (isInvalid(switches)) return switches;
  if (!sendsTraces(switches.values)) return null;
  const table = readTable(traceTable, layers);
  if (isInvalid(table)) return table;
  const all = Object.entries(Object.assign({}, ...layers.toReversed()) as Layer);
  const given = all.filter((each): each is [string, string] => each[1] !== undefined);
  const otel = given.filter(([name, text]) => name.startsWith('OTEL_') && text !== '');
  return traceExportOf(table.values, Object.fromEntries(otel));
}

/**
 * Reads everything that the process is told from outside: `env` (the process environment) over the file at `envFile`
 * over the defaults. The first bad value is returned with the name of its variable.
 */
export function readEnvironment(options: {
  env: Layer;
  settings: readonly Setting[];
  envFile?: string;
}): { kind: 'environment'; environment: Environment } | InvalidEnvironment {
  const file = readEnvFile(options.envFile ?? '.env');
  if (isInvalid(file)) return file;
  const layers = [options.env, file.layer];
  const table = readTable(environmentTable, layers);
  if (isInvalid(table)) return table;
  const conflict = findConflict(table.values);
  if (conflict !== undefined) return conflict;
  const settings: Record<string, unknown> = {};
  for (const setting of options.settings) {
    const result = read(settingVariable(setting), layers);
    if (isInvalid(result)) return result;
    if (result.value !== undefined) settings[setting.name] = result.value;
  }
  const { databaseDsn, logEnableFile, logFilePath, ...rest } = table.values;
  const dataDir = resolve(rest.dataDir);
  const database = databaseIn(databaseDsn);
  const traceExport = readTraceExport(layers);
  if (traceExport !== null && isInvalid(traceExport)) return traceExport;
  const environment: Environment = {
    ...rest,
    dataDir,
    databasePath: databasePath(database, dataDir),
    mongodbUrl: rest.mongodbUrl ?? (database?.kind === 'mongodb' ? database.url : undefined),
    logFile: logEnableFile ? resolve(logFilePath ?? join(dataDir, 'keymux.log')) : undefined,
    settings: Object.freeze(settings),
    traceExport,
  };
  return { kind: 'environment', environment: Object.freeze(environment) };
}

/** A row of the documentation. */
export interface EnvironmentRow {
  name: string;
  /** The same as a file, for secrets. */
  fileName: string | undefined;
  type: string;
  default: string;
  help: string;
}

/** What `docs/` says about every environment variable, from the same table that reads them. */
export function environmentReference(settings: readonly Setting[]): EnvironmentRow[] {
  const variables: Variable<unknown>[] = [
    ...Object.values<Variable<unknown>>(environmentTable),
    ...Object.values<Variable<unknown>>({ ...traceSwitches, ...traceTable }),
    ...settings.map(settingVariable),
  ];
  return variables.map((variable) => ({
    name: variable.name,
    fileName: variable.secret ? `${variable.name}_FILE` : undefined,
    type: variable.type,
    default: variable.defaultText,
    help: variable.help,
  }));
}
