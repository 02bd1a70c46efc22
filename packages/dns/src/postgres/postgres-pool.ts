// What is needed of a pool of connections, and transactions on it.
import { StoreError, type StoreErrorCode } from '../errors.ts';

/** A row by column name. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/** What is needed of a connection: that of `pg` will do. */
export interface PostgresClient {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: PostgresRow[]; readonly rowCount: number | null }>;
  on(event: 'notification', listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  removeListener(event: 'error', listener: (error?: Error) => void): unknown;
  /** With an error or `true` it is closed rather than used again. */
  release(broken?: Error | boolean): void;
}

/** What is needed of a pool: a `Pool` of `pg` will do. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

/** Runs `work` in a transaction on a connection of its own: all of it or nothing. Throws `StoreError`. */
export function transaction<T>(
  pool: PostgresPool,
  begin: string,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query(begin);
    try {
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // If even this fails, so does the connection; the first error is the one to tell.
      if (isUsable(error)) await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

/** One statement on any connection. Throws `StoreError`. */
export function query(
  pool: PostgresPool,
  text: string,
  values: readonly unknown[] = [],
): Promise<{ readonly rows: readonly PostgresRow[]; readonly rowCount: number | null }> {
  return withClient(pool, (client) => client.query(text, [...values]));
}

async function withClient<T>(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  let client: PostgresClient | undefined;
  let isBroken = false;
  // A connection that breaks says so to whoever listens besides rejecting what runs, and ends the process if nobody does.
  const broke = (): void => {
    isBroken = true;
  };
  try {
    client = await pool.connect();
    client.on('error', broke);
    return await work(client);
  } catch (error) {
    isBroken ||= !isUsable(error);
    throw storeError(error);
  } finally {
    client?.removeListener('error', broke);
    client?.release(isBroken);
  }
}

/** The `StoreError` for what the database, or the way to it, said. */
export function storeError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const kind = storeErrorKind(String(code));
  const why = {
    HAWSER_STORE_LOCKED: 'somebody else has it locked',
    HAWSER_STORE_READONLY: 'it cannot be written',
    HAWSER_STORE_IO: String(message),
    HAWSER_STORE_CONFLICT: 'somebody else was faster',
  }[kind];
  return new StoreError(kind, `Cannot use the PostgreSQL database as ${why}`, { cause });
}

/** By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function storeErrorKind(state: string): StoreErrorCode {
  // lock_not_available, deadlock_detected
  if (state === '55P03' || state === '40P01') return 'HAWSER_STORE_LOCKED';
  // read_only_sql_transaction, insufficient_privilege
  if (state === '25006' || state === '42501') return 'HAWSER_STORE_READONLY';
  // unique_violation: both made the same zone; serialization_failure
  if (state === '23505' || state === '40001') return 'HAWSER_STORE_CONFLICT';
  return 'HAWSER_STORE_IO';
}

/** The database, or we, said no to a statement; the connection is as good as before. Classes 08 and 57 are about the connection. */
function isUsable(error: unknown): boolean {
  if (error instanceof StoreError) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[\dA-Z]{5}$/.test(code) && !/^(08|57)/.test(code);
}
