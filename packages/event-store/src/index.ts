export * from './decider.ts';
export * from './event-store.ts';
export {
  createSqliteEventStore,
  eventStoreMigrations,
  type SqliteEventStore,
} from './sqlite/sqlite-event-store.ts';
