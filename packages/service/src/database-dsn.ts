import type { Parsed } from './environment-variable.ts';

const wrong = (message: string): Parsed<Database> => ({ kind: 'wrong', message });

/** Where the data is. */
export type Database =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly url: string };

/** What is wrong with an address of MongoDB; the driver checks the rest when it connects. */
export function checkMongoUrl(url: string): string | undefined {
  return /^mongodb(\+srv)?:\/\/([^@/]*@)?[^@/?\s]+([/?]|$)/i.test(url)
    ? undefined
    : 'must be an address such as mongodb://host:27017/keymux';
}

/** Reads `DATABASE_DSN`; names other databases as not supported, and never repeats credentials. */
export function parseDatabaseDsn(dsn: string): Parsed<Database> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(dsn)?.[1]?.toLowerCase();
  if (scheme === 'mongodb' || scheme === 'mongodb+srv') {
    const message = checkMongoUrl(dsn);
    return message === undefined
      ? { kind: 'value', value: { kind: 'mongodb', url: dsn } }
      : wrong(message);
  }
  // The forms that Go drivers take, which the predecessor's users have in their files.
  if (scheme === 'mysql' || scheme === 'mariadb' || /@(tcp|unix)\(/.test(dsn)) {
    return wrong('names a MySQL database: not supported yet');
  }
  if (scheme === 'postgres' || scheme === 'postgresql' || /(^|\s)(host|dbname)=/.test(dsn)) {
    return wrong('names a PostgreSQL database: not supported yet');
  }
  if (scheme !== undefined && scheme !== 'sqlite') {
    return wrong('must be the path of a file, or start with sqlite: or mongodb:');
  }
  const path = scheme === 'sqlite' ? dsn.slice('sqlite:'.length).replace(/^\/\//, '') : dsn;
  return path === '' ? wrong('names no file') : { kind: 'value', value: { kind: 'sqlite', path } };
}
