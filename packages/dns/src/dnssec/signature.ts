// RRSIG (RFC 4034 §3): its fields, and what it is a signature over.
import { Name, plainNameEnd } from '../name.ts';
import { Class } from '../numbers.ts';
import { canonicalRdata } from '../rdata/canonical-rdata.ts';
import type { Rdata } from '../rdata/rdata.ts';
import type { RRset } from '../zone/rrset.ts';

/** Octets of an RRSIG before the name of the signer. */
const HEAD_BYTES = 18;

/** What an RRSIG says. Moments are seconds since 1970 modulo 2^32 (RFC 4034 §3.1.5). */
export interface SignatureFields {
  readonly typeCovered: number;
  readonly algorithm: number;
  /** Labels of the owner, without the root and without a `*` in front (RFC 4034 §3.1.3). */
  readonly labels: number;
  readonly originalTtl: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: Name;
}

/** The fields of valid RRSIG data, and where its signature begins. */
export function readSignature({ wire }: Rdata): SignatureFields & { readonly end: number } {
  return {
    typeCovered: wire.readUInt16BE(0),
    algorithm: wire[2] ?? 0,
    labels: wire[3] ?? 0,
    originalTtl: wire.readUInt32BE(4),
    expiration: wire.readUInt32BE(8),
    inception: wire.readUInt32BE(12),
    keyTag: wire.readUInt16BE(16),
    signer: Name.fromWire(wire, HEAD_BYTES),
    end: plainNameEnd(wire, HEAD_BYTES),
  };
}

/** RRSIG data up to the signature, as it is signed: the name of the signer in lower case. */
export function signatureHead(fields: SignatureFields): Buffer {
  const head = Buffer.alloc(HEAD_BYTES + fields.signer.key.length);
  head.writeUInt16BE(fields.typeCovered, 0);
  head[2] = fields.algorithm;
  head[3] = fields.labels;
  head.writeUInt32BE(fields.originalTtl, 4);
  head.writeUInt32BE(fields.expiration >>> 0, 8);
  head.writeUInt32BE(fields.inception >>> 0, 12);
  head.writeUInt16BE(fields.keyTag, 16);
  head.write(fields.signer.key, HEAD_BYTES, 'latin1');
  return head;
}

/** The RRset that is signed, perhaps under another name than it is kept by. */
export interface SignedRRset extends Pick<RRset, 'type' | 'records'> {
  /** {@link Name.key} of the owner. */
  readonly key: string;
}

/**
 * What a signature with this head is over (RFC 4034 §3.1.8.1): the head, then each record in canonical form and order, with
 * the owner the head's labels say and the original TTL.
 */
export function signedOctets(head: Buffer, { key, type, records }: SignedRRset): Buffer {
  const owner = Buffer.from(signedOwner(key, head[3] ?? 0), 'latin1');
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(Class.IN, 2);
  head.copy(fixed, 4, 4, 8);
  const sorted = canonicalOrder(type, records);
  const parts: Buffer[] = [head];
  for (const wire of sorted) {
    const front = Buffer.from(fixed);
    front.writeUInt16BE(wire.length, 8);
    parts.push(owner, front, wire);
  }
  return Buffer.concat(parts);
}

/** The data of records as it is signed, in canonical order, none twice (RFC 4034 §6.3). */
function canonicalOrder(type: number, records: readonly Rdata[]): Buffer[] {
  const wires = records.map((rdata) => canonicalRdata(type, rdata));
  if (wires.length < 2) return wires;
  wires.sort((one, other) => one.compare(other));
  return wires.filter((wire, index) => index === 0 || !wire.equals(wires[index - 1] ?? wire));
}

/** How many labels the signature over a name has: not the root, not a `*` in front. */
export function labelsOf(key: string): number {
  let labels = 0;
  for (let at = 0; key.charCodeAt(at) > 0; at += 1 + key.charCodeAt(at)) labels++;
  return key.startsWith('\x01*') ? labels - 1 : labels;
}

/** The name itself, or the wildcard it came from, which has fewer labels. */
function signedOwner(key: string, labels: number): string {
  let surplus = labelsOf(key) - labels;
  if (surplus <= 0) return key;
  let at = 0;
  for (; surplus > 0; surplus--) at += 1 + key.charCodeAt(at);
  return `\x01*${key.slice(at)}`;
}
