import type { FieldLines } from '../contract/field-lines.ts';

/** Fields that are for one connection and never forwarded (RFC 9110 §7.6.1), or that the next engine writes itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/**
 * What `Connection` may not take away: what is meant for all who get the message. Whoever names such a field would
 * change what the message means, or who it is from.
 */
const NEVER_NAMED: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'host',
  'last-modified',
  'location',
  'origin',
  'range',
  'referer',
  'set-cookie',
  'vary',
  'via',
  'www-authenticate',
  'x-real-ip',
]);
const NEVER_NAMED_KINDS = /^(?:access-control-|content-|if-|sec-|x-forwarded-)/;

/** Options for {@link endToEndFields}. */
export interface EndToEndOptions {
  /** Fields that are left out as well. */
  readonly without?: Iterable<string> | undefined;
  /**
   * Whether fields that `Connection` names are dropped, as they should be, or kept, as some may be of somebody else than
   * who wrote `Connection`. @defaultValue 'dropped'
   */
  readonly named?: 'dropped' | 'kept' | undefined;
}

/** The lines that a proxy hands on: without those of the connection, those that `Connection` names included. */
export function endToEndFields(fields: FieldLines, options: EndToEndOptions = {}): string[] {
  const { without = [], named = 'dropped' } = options;
  const dropped = new Set(without);
  for (let at = 0; at < fields.length && named === 'dropped'; at += 2) {
    if (fields[at] !== 'connection') continue;
    for (const name of (fields[at + 1] ?? '').toLowerCase().split(',')) {
      const trimmed = name.trim();
      if (!NEVER_NAMED.has(trimmed) && !NEVER_NAMED_KINDS.test(trimmed)) dropped.add(trimmed);
    }
  }
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!HOP_BY_HOP.has(name) && !dropped.has(name)) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** All lines of one field, as one value. */
export function fieldValue(fields: FieldLines, name: string): string | undefined {
  const values: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] === name) values.push(fields[at + 1] ?? '');
  }
  return values.length > 0 ? values.join(', ') : undefined;
}
