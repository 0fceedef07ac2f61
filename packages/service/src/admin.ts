/** What serves the admin API, and so loads an HTTP framework: a gateway has neither. */
export { createAdminApp, createAdminRouter } from './admin-http.ts';
export { createAdminServer } from './admin-server.ts';
export { EventStreams } from './event-streams.ts';
export { runApart } from './run-apart.ts';
