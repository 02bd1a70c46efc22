import type { Address } from '@hawser/core';
import type { FieldLines } from '../contract/field-lines.ts';
import { fieldValue } from './end-to-end-fields.ts';

/** Which fields tell the server who asked: `X-Forwarded-*`, `Forwarded` (RFC 7239), both, or none. */
export type ForwardedStyle = 'x-forwarded' | 'forwarded' | 'both' | 'none';

/** Who asked for what. */
export interface ForwardedFacts {
  readonly peer: Address;
  readonly secure: boolean;
  /** The Host that was asked for. */
  readonly host: string | undefined;
}

const CLAIMS: ReadonlySet<string> = new Set([
  'client-ip',
  'forwarded',
  'front-end-https',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
]);
const WRITTEN: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/**
 * The lines without those that claim to know who asked for what. Of a trusted peer only those are left out that
 * {@link forwardedFields} writes anew. A name is the same with `_` for `-`, as it is for servers that make variables of it.
 */
export function withoutClaims(fields: FieldLines, trusted: boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const known = name.replaceAll('_', '-');
    const claims = known.startsWith('x-forwarded-') || CLAIMS.has(known);
    if (trusted ? !WRITTEN.has(known) : !claims) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** The lines that tell who asked. What `trusted` has, from a proxy before this one, stays in front. */
export function forwardedFields(
  style: ForwardedStyle,
  { peer, secure, host }: ForwardedFacts,
  trusted: FieldLines,
): string[] {
  const lines: string[] = [];
  const proto = secure ? 'https' : 'http';
  const address = 'host' in peer ? peer.host : undefined;
  if (style === 'x-forwarded' || style === 'both') {
    const before = fieldValue(trusted, 'x-forwarded-for');
    const all = [before, address ?? 'unknown'].filter((each) => each !== undefined);
    lines.push('x-forwarded-for', all.join(', '));
    lines.push('x-forwarded-proto', fieldValue(trusted, 'x-forwarded-proto') ?? proto);
    const asked = fieldValue(trusted, 'x-forwarded-host') ?? host;
    if (asked !== undefined) lines.push('x-forwarded-host', asked);
  }
  if (style === 'forwarded' || style === 'both') {
    const node =
      address === undefined ? 'unknown' : address.includes(':') ? `[${address}]` : address;
    const pairs = [`for=${quoted(node)}`, `proto=${proto}`];
    if (host !== undefined) pairs.push(`host=${quoted(host)}`);
    const before = fieldValue(trusted, 'forwarded');
    lines.push('forwarded', [before, pairs.join(';')].filter(Boolean).join(', '));
  }
  return lines;
}

/** A token as it is, anything else in quotes (RFC 7239 §4). */
function quoted(text: string): string {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
