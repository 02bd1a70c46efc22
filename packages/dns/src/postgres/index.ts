// Zones in PostgreSQL. Needs the package `pg`, or a pool of it.
export type { PostgresClient, PostgresPool, PostgresRow } from './postgres-pool.ts';
export { type PostgresOptions, postgres } from './postgres-store.ts';
