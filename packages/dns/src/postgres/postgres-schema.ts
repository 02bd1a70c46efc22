// The tables of a zone database, made to be read and changed by people too:
//
//   UPDATE hawser_dns.rrset SET data = '{192.0.2.8}' WHERE name = 'www.example.net' AND type = 'A';
//
// is served a moment later, with the next serial, and is told to the secondaries.
import { usageError } from '../errors.ts';

/** Kept in the table `version`. A database of a later version is not touched. */
export const SCHEMA_VERSION = 1;

/**
 * Throws for what people would have to quote in SQL for other reasons than a word that is reserved, and for what belongs to
 * the database itself.
 */
export function checkSchemaName(schema: string): void {
  if (/^(?!pg_)[a-z_][\da-z_]{0,62}$/.test(schema)) return;
  const rule =
    'it must be 1 to 63 of a-z, 0-9 and "_", and begin neither with a digit nor with "pg_"';
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot use a schema of that name as ${rule}: ${schema.slice(0, 80)}`,
  );
}

/** The name of a schema in SQL, where it may be a reserved word such as `user`. */
export function quoted(schema: string): string {
  return `"${schema}"`;
}

/**
 * Makes the tables. `edits` counts what others than this program do to the records of a zone. Names are whole, as in a zone
 * file, with or without the final dot; types are mnemonics; data is as in a zone file, one text a record.
 */
export function schemaOf(name: string): string {
  const schema = quoted(name);
  return `
  CREATE TABLE ${schema}.version (version integer NOT NULL);
  INSERT INTO ${schema}.version VALUES (${SCHEMA_VERSION});
  CREATE TABLE ${schema}.zone (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED UNIQUE,
    serial bigint NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    edits bigint NOT NULL DEFAULT 0,
    journal_seq bigint NOT NULL DEFAULT 0,
    journal_bytes bigint NOT NULL DEFAULT 0
  );
  CREATE TABLE ${schema}.rrset (
    zone bigint NOT NULL REFERENCES ${schema}.zone (id) ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    ttl integer NOT NULL DEFAULT 3600 CHECK (ttl >= 0),
    data text[] NOT NULL CHECK (cardinality(data) > 0)
  );
  CREATE UNIQUE INDEX rrset_key ON ${schema}.rrset (zone, lower(name), type);
  CREATE TABLE ${schema}.change (
    zone bigint NOT NULL REFERENCES ${schema}.zone (id) ON DELETE CASCADE,
    seq bigint NOT NULL,
    serial_from bigint NOT NULL,
    serial_to bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    -- Octets of all changes before this one, also of those that were dropped.
    "offset" bigint NOT NULL,
    changes bytea NOT NULL,
    PRIMARY KEY (zone, seq)
  );
  CREATE INDEX change_from ON ${schema}.change (zone, serial_from, seq);
  CREATE TABLE ${schema}.lease (
    zone bigint NOT NULL REFERENCES ${schema}.zone (id) ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    type integer NOT NULL,
    rdata bytea NOT NULL,
    name bytea NOT NULL,
    expires bigint NOT NULL
  );
  CREATE UNIQUE INDEX lease_key ON ${schema}.lease (zone, key, type, sha256(rdata));
  CREATE TABLE ${schema}.bucket (
    bucket text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (bucket, key)
  );
  CREATE FUNCTION ${schema}.rrset_spelled() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('${name}.commit', true) = 'on' THEN RETURN NEW; END IF;
      NEW.name := regexp_replace(NEW.name, '([^\\\\])\\.$', '\\1');
      NEW.type := upper(NEW.type);
      RETURN NEW;
    END $$;
  CREATE TRIGGER rrset_spelled BEFORE INSERT OR UPDATE ON ${schema}.rrset
    FOR EACH ROW EXECUTE FUNCTION ${schema}.rrset_spelled();
  CREATE FUNCTION ${schema}.rrset_edited() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      edited record;
    BEGIN
      IF current_setting('${name}.commit', true) = 'on' THEN RETURN NULL; END IF;
      FOR edited IN
        UPDATE ${schema}.zone SET edits = edits + 1
          WHERE id IN (SELECT zone FROM changed) RETURNING name
      LOOP
        PERFORM pg_notify('${name}', ' ' || edited.name);
      END LOOP;
      RETURN NULL;
    END $$;
  CREATE TRIGGER rrset_inserted AFTER INSERT ON ${schema}.rrset REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.rrset_edited();
  CREATE TRIGGER rrset_updated_from AFTER UPDATE ON ${schema}.rrset REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.rrset_edited();
  CREATE TRIGGER rrset_updated_to AFTER UPDATE ON ${schema}.rrset REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.rrset_edited();
  CREATE TRIGGER rrset_deleted AFTER DELETE ON ${schema}.rrset REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.rrset_edited();
  CREATE FUNCTION ${schema}.rrset_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      edited record;
    BEGIN
      FOR edited IN UPDATE ${schema}.zone SET edits = edits + 1 RETURNING name LOOP
        PERFORM pg_notify('${name}', ' ' || edited.name);
      END LOOP;
      RETURN NULL;
    END $$;
  CREATE TRIGGER rrset_truncated AFTER TRUNCATE ON ${schema}.rrset
    FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.rrset_truncated();
  `;
}

/** Everything that is ever asked of it, by name. */
export type PostgresStatements = ReturnType<typeof statementsFor>;

const ZONE = 'name, serial, revision, edits';

/** The statements for the tables in the schema `name`. Locks of others are waited for at most `lockTimeoutMs`. */
export function statementsFor(
  name: string,
  lockTimeoutMs: number,
): {
  readonly [K in
    | 'begin'
    | 'beginRead'
    | 'list'
    | 'find'
    | 'lock'
    | 'declare'
    | 'fetch'
    | 'leases'
    | 'create'
    | 'advance'
    | 'put'
    | 'remove'
    | 'lease'
    | 'unlease'
    | 'journal'
    | 'trim'
    | 'forget'
    | 'since'
    | 'drop'
    | 'notify'
    | 'get'
    | 'set'
    | 'add'
    | 'exchange'
    | 'unset'
    | 'entries']: string;
} {
  const schema = quoted(name);
  return {
    // What is acknowledged is on the disk, whatever the server does by default; and a person who forgot to commit must not
    // stop us for good.
    begin: `BEGIN; SELECT set_config('${name}.commit', 'on', true), set_config('lock_timeout', '${Math.trunc(lockTimeoutMs)}ms', true),
      set_config('statement_timeout', '60s', true), CASE current_setting('synchronous_commit')
      WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END`,
    beginRead: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    list: `SELECT ${ZONE} FROM ${schema}.zone ORDER BY key`,
    find: `SELECT id, ${ZONE} FROM ${schema}.zone WHERE key = $1`,
    lock: `SELECT id, ${ZONE}, journal_seq, journal_bytes FROM ${schema}.zone WHERE key = $1
      FOR UPDATE`,
    declare: `DECLARE content NO SCROLL CURSOR FOR
      SELECT name, type, ttl, data FROM ${schema}.rrset WHERE zone = `,
    fetch: 'FETCH 10000 FROM content',
    leases: `SELECT lease.name, lease.type, lease.rdata, lease.expires FROM ${schema}.lease
      JOIN ${schema}.zone ON zone.id = lease.zone WHERE zone.key = $1
      ORDER BY lease.key, lease.type, lease.rdata`,
    create: `INSERT INTO ${schema}.zone (name, serial) VALUES ($1, $2) RETURNING id`,
    advance: `UPDATE ${schema}.zone SET serial = $2, revision = revision + 1, edits = 0,
      journal_seq = $3, journal_bytes = $4 WHERE id = $1`,
    put: `INSERT INTO ${schema}.rrset (zone, name, type, ttl, data)
      SELECT $1, name, type, ttl, ARRAY(SELECT jsonb_array_elements_text(data))
      FROM jsonb_to_recordset($2::jsonb) AS given (name text, type text, ttl integer, data jsonb)
      ON CONFLICT (zone, lower(name), type)
      DO UPDATE SET name = excluded.name, ttl = excluded.ttl, data = excluded.data`,
    remove: `DELETE FROM ${schema}.rrset USING unnest($2::text[], $3::text[]) AS gone (name, type)
      WHERE rrset.zone = $1 AND lower(rrset.name) = gone.name COLLATE "C"
      AND rrset.type = gone.type COLLATE "C"`,
    lease: `INSERT INTO ${schema}.lease (zone, key, type, rdata, name, expires)
      SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::bytea[], $5::bytea[], $6::bigint[])
      ON CONFLICT (zone, key, type, sha256(rdata)) DO UPDATE SET expires = excluded.expires`,
    unlease: `DELETE FROM ${schema}.lease
      USING unnest($2::text[], $3::integer[], $4::bytea[]) AS gone (key, type, rdata)
      WHERE lease.zone = $1 AND lease.key = gone.key COLLATE "C" AND lease.type = gone.type
      AND sha256(lease.rdata) = sha256(gone.rdata)`,
    journal: `INSERT INTO ${schema}.change (zone, seq, serial_from, serial_to, "offset", changes)
      VALUES ($1, $2, $3, $4, $5, $6)`,
    trim: `DELETE FROM ${schema}.change WHERE zone = $1 AND (seq <= $2 OR "offset" < $3)`,
    forget: `DELETE FROM ${schema}.change WHERE zone = $1`,
    since: `SELECT serial_from, serial_to, changes FROM ${schema}.change WHERE zone = $1 AND seq >= (
      SELECT max(seq) FROM ${schema}.change WHERE zone = $1 AND serial_from = $2) ORDER BY seq`,
    drop: `DELETE FROM ${schema}.zone WHERE key = $1 RETURNING name`,
    notify: `SELECT pg_notify('${name}', $1)`,
    get: `SELECT value FROM ${schema}.bucket WHERE bucket = $1 AND key = $2`,
    set: `INSERT INTO ${schema}.bucket (bucket, key, value) VALUES ($1, $2, $3)
      ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value`,
    add: `INSERT INTO ${schema}.bucket (bucket, key, value) VALUES ($1, $2, $3)
      ON CONFLICT (bucket, key) DO NOTHING`,
    exchange: `UPDATE ${schema}.bucket SET value = $3 WHERE bucket = $1 AND key = $2 AND value = $4`,
    unset: `DELETE FROM ${schema}.bucket WHERE bucket = $1 AND key = $2`,
    entries: `SELECT key, value FROM ${schema}.bucket
      WHERE bucket = $1 AND key > $2 AND key >= $3 AND key < $4 ORDER BY key LIMIT $5`,
  };
}
