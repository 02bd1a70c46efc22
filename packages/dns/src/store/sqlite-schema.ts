// The tables of a zone database: zones, what they hold now, and how they came there.

/** Kept in `PRAGMA user_version`. A file of a later version is not touched. */
export const SCHEMA_VERSION = 1;

/** Names are kept by `Name.sortKey`, so that a name and all below it lie together. */
export const schema: string = `
  PRAGMA user_version = ${SCHEMA_VERSION};
  CREATE TABLE IF NOT EXISTS zone (
    id INTEGER PRIMARY KEY,
    origin BLOB NOT NULL UNIQUE,
    name BLOB NOT NULL,
    serial INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS rrset (
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    rkey BLOB NOT NULL,
    type INTEGER NOT NULL,
    name BLOB NOT NULL,
    ttl INTEGER NOT NULL,
    rdata BLOB NOT NULL,
    PRIMARY KEY (zone, rkey, type)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    zone INTEGER NOT NULL REFERENCES zone (id) ON DELETE CASCADE,
    serial_from INTEGER NOT NULL,
    serial_to INTEGER NOT NULL,
    changes TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS journal_zone ON journal (zone, id);
`;

/** Everything that is ever asked of it. */
export const statements = {
  list: 'SELECT name, serial FROM zone ORDER BY origin',
  find: 'SELECT id, serial FROM zone WHERE origin = ?',
  load: 'SELECT name, type, ttl, rdata FROM rrset WHERE zone = ? ORDER BY rkey, type',
  create: 'INSERT INTO zone (origin, name, serial) VALUES (?, ?, ?)',
  advance: 'UPDATE zone SET serial = ? WHERE id = ?',
  put: 'INSERT OR REPLACE INTO rrset (zone, rkey, type, name, ttl, rdata) VALUES (?, ?, ?, ?, ?, ?)',
  remove: 'DELETE FROM rrset WHERE zone = ? AND rkey = ? AND type = ?',
  journal: 'INSERT INTO journal (zone, serial_from, serial_to, changes) VALUES (?, ?, ?, ?)',
  trim: `DELETE FROM journal WHERE zone = ?1 AND id <= (
    SELECT id FROM journal WHERE zone = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
  since: `SELECT serial_from, serial_to, changes FROM journal WHERE zone = ?1 AND id >= (
    SELECT max(id) FROM journal WHERE zone = ?1 AND serial_from = ?2) ORDER BY id`,
} as const;
