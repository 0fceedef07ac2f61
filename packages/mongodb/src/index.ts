export * from './failures.ts';
export * from './open-mongodb.ts';
