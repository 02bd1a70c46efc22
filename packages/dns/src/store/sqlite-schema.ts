// The tables of a zone database: zones, what they hold now, how they came there, what goes by itself, and small values.

/** Kept in `PRAGMA user_version`. A file of a later version is not touched. */
export const SCHEMA_VERSION = 2;

/**
 * Names are kept by `Name.sortKey`, so that a name and all below it lie together. `edits` counts what others than this
 * program do to the records of a zone; it is negative while this program does.
 */
export const schema: string = `
  CREATE TABLE zone (
    id INTEGER PRIMARY KEY,
    origin BLOB NOT NULL UNIQUE,
    name BLOB NOT NULL,
    serial INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    edits INTEGER NOT NULL DEFAULT 0,
    journal_seq INTEGER NOT NULL DEFAULT 0,
    journal_bytes INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE rrset (
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    rkey BLOB NOT NULL,
    type INTEGER NOT NULL,
    name BLOB NOT NULL,
    ttl INTEGER NOT NULL,
    rdata BLOB NOT NULL,
    PRIMARY KEY (zone, rkey, type)
  ) WITHOUT ROWID;
  ${laterTables()}
`;

/** What version 1 did not have. */
function laterTables(): string {
  return `
  CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    serial_from INTEGER NOT NULL,
    serial_to INTEGER NOT NULL,
    -- Octets of all changes before this one, also of those that were dropped.
    "offset" INTEGER NOT NULL,
    changes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX change_seq ON change (zone, seq);
  CREATE INDEX change_from ON change (zone, serial_from, seq);
  CREATE TABLE lease (
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    rkey BLOB NOT NULL,
    type INTEGER NOT NULL,
    rdata BLOB NOT NULL,
    name BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (zone, rkey, type, rdata)
  ) WITHOUT ROWID;
  CREATE TABLE bucket (
    bucket TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
  ) WITHOUT ROWID;
  CREATE TRIGGER rrset_inserted AFTER INSERT ON rrset BEGIN
    UPDATE zone SET edits = edits + 1 WHERE id = NEW.zone AND edits >= 0;
  END;
  CREATE TRIGGER rrset_updated AFTER UPDATE ON rrset BEGIN
    UPDATE zone SET edits = edits + 1 WHERE id IN (OLD.zone, NEW.zone) AND edits >= 0;
  END;
  CREATE TRIGGER rrset_deleted AFTER DELETE ON rrset BEGIN
    UPDATE zone SET edits = edits + 1 WHERE id = OLD.zone AND edits >= 0;
  END;
  `;
}

/** From version 1 to the tables of today. The journal, which was JSON, is taken over by `sqlite-migration.ts`. */
export const fromVersion1: string = `
  ALTER TABLE zone ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE zone ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE zone ADD COLUMN journal_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE zone ADD COLUMN journal_bytes INTEGER NOT NULL DEFAULT 0;
  ${laterTables()}
`;

/** Rows a statement `putMany` writes: that costs half of what it does one by one. */
export const ROWS_AT_ONCE = 32;

function putting(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?)').join(', ');
  return `INSERT OR REPLACE INTO rrset (zone, rkey, type, name, ttl, rdata) VALUES ${values}`;
}

/** Everything that is ever asked of it. */
export const statements = {
  list: 'SELECT name, serial, revision, edits FROM zone WHERE serial >= 0 ORDER BY origin',
  find: `SELECT id, name, serial, revision, edits, journal_seq, journal_bytes FROM zone
    WHERE origin = ? AND serial >= 0`,
  // A zone that is not whole yet has an origin that none has, and no serial.
  stage: `INSERT INTO zone (origin, name, serial, edits) VALUES (randomblob(300), ?, -1, -1)
    RETURNING id`,
  staged: 'SELECT 1 FROM zone WHERE id = ? AND name = ? AND serial = -1 AND edits = -1',
  publish: 'UPDATE zone SET origin = ?, serial = ?, edits = 0 WHERE id = ?',
  unstage: 'DELETE FROM zone WHERE serial = -1 AND name = ?',
  dropStage: 'DELETE FROM zone WHERE id = ? AND serial = -1',
  page: `SELECT name, type, ttl, rdata FROM rrset WHERE zone = ? AND (rkey, type) > (?, ?)
    ORDER BY rkey, type LIMIT ?`,
  rrset: 'SELECT rdata FROM rrset WHERE zone = ? AND rkey = ? AND type = ?',
  leases: 'SELECT name, type, rdata, expires FROM lease WHERE zone = ? ORDER BY rkey, type, rdata',
  create: 'INSERT INTO zone (origin, name, serial, edits) VALUES (?, ?, ?, -1)',
  begin: 'UPDATE zone SET serial = ?, revision = revision + 1, edits = -1 WHERE id = ?',
  finish: 'UPDATE zone SET edits = 0, journal_seq = ?, journal_bytes = ? WHERE id = ?',
  put: putting(1) as string,
  putMany: putting(ROWS_AT_ONCE) as string,
  remove: 'DELETE FROM rrset WHERE zone = ? AND rkey = ? AND type = ?',
  lease: `INSERT OR REPLACE INTO lease (zone, rkey, type, rdata, name, expires)
    VALUES (?, ?, ?, ?, ?, ?)`,
  unlease: 'DELETE FROM lease WHERE zone = ? AND rkey = ? AND type = ? AND rdata = ?',
  journal: `INSERT INTO change (zone, seq, serial_from, serial_to, "offset", changes)
    VALUES (?, ?, ?, ?, ?, ?)`,
  oldest: 'SELECT seq, "offset" FROM change WHERE zone = ? ORDER BY seq LIMIT 1',
  trim: 'DELETE FROM change WHERE zone = ? AND seq = ?',
  forget: 'DELETE FROM change WHERE zone = ?',
  since: `SELECT serial_from, serial_to, changes FROM change WHERE zone = ?1 AND seq >= (
    SELECT max(seq) FROM change WHERE zone = ?1 AND serial_from = ?2) ORDER BY seq`,
  drop: 'DELETE FROM zone WHERE origin = ?',
  suspect: 'UPDATE zone SET edits = edits + 1 WHERE serial >= 0',
  get: 'SELECT value FROM bucket WHERE bucket = ? AND key = ?',
  set: 'INSERT OR REPLACE INTO bucket (bucket, key, value) VALUES (?, ?, ?)',
  add: 'INSERT OR IGNORE INTO bucket (bucket, key, value) VALUES (?, ?, ?)',
  exchange: 'UPDATE bucket SET value = ? WHERE bucket = ? AND key = ? AND value = ?',
  unset: 'DELETE FROM bucket WHERE bucket = ? AND key = ?',
  entries: `SELECT key, value FROM bucket WHERE bucket = ? AND key > ? AND key >= ? AND key < ?
    ORDER BY key LIMIT ?`,
  version: 'PRAGMA data_version',
} as const;
