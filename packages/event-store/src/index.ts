export * from './decider.ts';
export * from './event-store.ts';
export * from './rewrite-events.ts';
export {
  createSqliteEventStore,
  eventStoreMigrations,
  type SqliteEventStore,
} from './sqlite/sqlite-event-store.ts';
