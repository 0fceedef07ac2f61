import { distributedOnly, type Parsed } from './environment-variable.ts';

const wrong = (message: string): Parsed<string> => ({ kind: 'wrong', message });

/** Reads `DATABASE_DSN` as the path of a SQLite file; names other databases as not supported, and never repeats credentials. */
export function parseDatabaseDsn(dsn: string): Parsed<string> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(dsn)?.[1]?.toLowerCase();
  if (scheme === 'mongodb' || scheme === 'mongodb+srv') return wrong(distributedOnly);
  // The forms that Go drivers take, which the predecessor's users have in their files.
  if (scheme === 'mysql' || scheme === 'mariadb' || /@(tcp|unix)\(/.test(dsn)) {
    return wrong('names a MySQL database: not supported yet');
  }
  if (scheme === 'postgres' || scheme === 'postgresql' || /(^|\s)(host|dbname)=/.test(dsn)) {
    return wrong('names a PostgreSQL database: not supported yet');
  }
  if (scheme !== undefined && scheme !== 'sqlite') {
    return wrong('must be the path of a file, or start with sqlite:');
  }
  const path = scheme === 'sqlite' ? dsn.slice('sqlite:'.length).replace(/^\/\//, '') : dsn;
  return path === '' ? wrong('names no file') : { kind: 'value', value: path };
}
