// Making the tables.
import { type PostgresPool, transaction } from './postgres-pool.ts';
import { quoted, SCHEMA_VERSION, schemaOf } from './postgres-schema.ts';

/** Makes schema and tables if they are not there. Throws StoreError, also for those of a later version. */
export async function migrate(pool: PostgresPool, schema: string): Promise<void> {
  await transaction(pool, 'BEGIN', async (client) => {
    // Of several processes that start together one makes them.
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`hawser ${schema}`]);
    const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS made', [
      `${quoted(schema)}.version`,
    ]);
    if (found[0]?.['made'] !== true) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`);
      await client.query(schemaOf(schema));
      return;
    }
    const { rows } = await client.query(`SELECT version FROM ${quoted(schema)}.version`);
    const version = Number(rows[0]?.['version']);
    if (version !== SCHEMA_VERSION)
      throw new Error(`it has version ${version}, and this program knows ${SCHEMA_VERSION}`);
  });
}
