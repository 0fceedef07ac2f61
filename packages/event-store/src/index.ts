export * from './event-store.ts';
export * from './mongodb/commit-log.ts';
export * from './mongodb/mongodb-event-store.ts';
export * from './newest-first.ts';
export * from './open-event-store.ts';
export * from './rewrite-events.ts';
export {
  createSqliteEventStore,
  eventStoreMigrations,
  type SqliteEventStore,
} from './sqlite/sqlite-event-store.ts';
export { isStoreAway } from './store-away.ts';
