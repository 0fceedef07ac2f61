import { findProgram } from '@keymux/parts/program';
import { mode } from './keymux.ts';

/** True where services apart keep keys in the stand-in for MongoDB, which takes many times as long. */
export const isSlowStore =
  mode === 'distributed' &&
  (process.env['MONGODB_URL'] ?? '') === '' &&
  findProgram('mongod') === undefined;
