// What one update means for one host, decided on the content that its zone has at that moment.
import type { LeaseEdit } from '../../contract/live-zone.ts';
import type { Name } from '../../name.ts';
import { Type } from '../../numbers.ts';
import { formatIPv4, formatIPv6 } from '../../rdata/address.ts';
import type { Rdata } from '../../rdata/rdata.ts';
import { createRRset } from '../../zone/rrset.ts';
import type { Edit, Zone } from '../../zone/zone.ts';
import { type AddressWish, type FamilyWish, withPrefix } from './dyndns2-request.ts';

/** What is wished for a host. */
export interface HostWish {
  readonly addresses: AddressWish | undefined;
  /** Text for ACME: added to what there is. An empty one deletes all. */
  readonly txt: string | undefined;
}

/** How it is granted. */
export interface HostTerms {
  readonly ttl: number;
  /** Texts that a name may have; the oldest goes for a new one. */
  readonly maxTexts: number;
  /** When a text goes by itself, in milliseconds since 1970. */
  readonly textExpires: number;
}

/** What is to be done, or that it cannot be. */
export type HostChange =
  | {
      readonly ok: true;
      /** None: it is so already. */
      readonly edits: readonly Edit[];
      readonly leases: readonly LeaseEdit[];
      /** The addresses it has then, of the families that were spoken of. */
      readonly addresses: readonly string[];
    }
  | { readonly ok: false };

const impossible: HostChange = { ok: false };

/** Deterministic: the same wish on the same content is the same change. */
export function changeOfHost(
  zone: Zone,
  host: Name,
  { wish, terms }: { wish: HostWish; terms: HostTerms },
): HostChange {
  const isAlias = zone.get(host, Type.CNAME) !== undefined;
  const edits: Edit[] = [];
  const leases: LeaseEdit[] = [];
  const addresses: string[] = [];
  for (const family of ['A', 'AAAA'] as const) {
    const wished = wish.addresses?.[family] ?? { kind: 'keep' };
    if (wished.kind === 'keep') continue;
    const type = Type[family];
    const held = heldAddresses(zone, host, type);
    const wanted = wantedAddresses(wished, zone, { host, type });
    // An alias has no addresses of its own, without an address there is no prefix to replace, and not every prefix is for hosts.
    if (wanted === undefined || (isAlias && wanted.length > 0)) return impossible;
    addresses.push(...wanted);
    // Whoever says that a host is there means it to stay, also where somebody else has let it go after a while.
    if (wanted.length > 0) leases.push({ name: host, type, expires: undefined });
    if (isSame(held, wanted)) continue;
    const rrset =
      wanted.length === 0 ? undefined : createRRset(host, type, { ttl: terms.ttl, values: wanted });
    edits.push({ name: host, type, rrset });
  }
  if (wish.txt !== undefined) {
    if (isAlias && wish.txt !== '') return impossible;
    const { edit, rdata } = textChange(zone, host, { text: wish.txt, terms });
    if (edit !== undefined) edits.push(edit);
    // What is there already stays as long as what is new.
    if (rdata !== undefined)
      leases.push({ name: host, type: Type.TXT, rdata: rdata.wire, expires: terms.textExpires });
  }
  return { ok: true, edits, leases, addresses };
}

function wantedAddresses(
  wish: Exclude<FamilyWish, { readonly kind: 'keep' }>,
  zone: Zone,
  { host, type }: { readonly host: Name; readonly type: number },
): readonly string[] | undefined {
  if (wish.kind === 'set') return wish.addresses;
  const records = zone.get(host, type)?.records;
  if (records === undefined) return undefined;
  const wanted = new Set<string>();
  for (const { wire } of records) {
    const address = withPrefix(wish, wire);
    if (address === undefined) return undefined;
    wanted.add(address);
  }
  return [...wanted];
}

function heldAddresses(zone: Zone, host: Name, type: number): readonly string[] {
  const format = type === Type.A ? formatIPv4 : formatIPv6;
  return zone.get(host, type)?.records.map(({ wire }) => format(wire)) ?? [];
}

function isSame(held: readonly string[], wanted: readonly string[]): boolean {
  return held.length === wanted.length && wanted.every((address) => held.includes(address));
}

interface TextChange {
  readonly edit: Edit | undefined;
  /** The text that is there afterwards. */
  readonly rdata: Rdata | undefined;
}

/** The newest text is last. */
function textChange(
  zone: Zone,
  host: Name,
  { text, terms }: { readonly text: string; readonly terms: HostTerms },
): TextChange {
  const held = zone.get(host, Type.TXT);
  if (text === '') {
    const edit = held && { name: host, type: Type.TXT, rrset: undefined };
    return { edit, rdata: undefined };
  }
  const added = createRRset(host, Type.TXT, { ttl: terms.ttl, values: [text] });
  const [rdata] = added.records;
  if (rdata === undefined || held?.records.some(({ wire }) => wire.equals(rdata.wire)))
    return { edit: undefined, rdata };
  const records = [...(held?.records ?? []), rdata].slice(-terms.maxTexts);
  return { edit: { name: host, type: Type.TXT, rrset: { ...added, records } }, rdata };
}
