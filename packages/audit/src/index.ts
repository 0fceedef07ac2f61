export * from './audit.ts';
export * from './chain.ts';
export * from './verify-audit.ts';
