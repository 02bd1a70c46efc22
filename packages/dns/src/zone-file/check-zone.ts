// Whether gathered records make a zone (RFC 1034 §3.6.2, RFC 2181 §10, RFC 6672 §2.4, RFC 1912 §2).
import { Name } from '../name.ts';
import { formatType, Type } from '../numbers.ts';
import { checkRdata } from '../rdata/rdata.ts';
import type { ZoneGatherer } from './zone-gatherer.ts';
import { type GatheredRRset, wiresOf, type ZoneRecords } from './zone-records.ts';

/** Names that are passed over in the time of a step of other work, as there is no rule for what they have. */
const NAMES_A_STEP = 32;
const NAMES_AT_ONCE = 512;
/** Types that there are rules for. */
const CHECKED: ReadonlySet<number> = new Set([Type.CNAME, Type.DNAME, Type.NS, Type.MX]);

/** Reports in steps what is wrong with the zone as a whole: errors if it cannot be served, warnings if it can. */
export function* checkZone(gatherer: ZoneGatherer): Generator<number, void, void> {
  const { origin, records } = gatherer;
  const { names } = records;
  checkApex(gatherer);
  const dnames = new Set<string>();
  for (let name = 0; name < names.size; name++) {
    if (name % NAMES_AT_ONCE === 0) yield NAMES_AT_ONCE / NAMES_A_STEP;
    if (!records.hasAny(name, CHECKED)) continue;
    const types = new Map(records.gatheredAt(name).map((rrset) => [rrset.type, rrset]));
    checkAlias(gatherer, types);
    const key = names.keyAt(name);
    if (types.has(Type.DNAME)) dnames.add(key);
    for (const type of [Type.NS, Type.MX]) {
      const rrset = types.get(type);
      if (rrset !== undefined)
        checkTargets(gatherer, rrset, {
          isCut: type === Type.NS && key !== origin.key,
        });
    }
    yield 1;
  }
  if (dnames.size > 0) yield* checkBelowDname(gatherer, dnames);
}

function checkApex(gatherer: ZoneGatherer): void {
  const { origin, records, file } = gatherer;
  const soa = records.get(origin.key, Type.SOA);
  const start = { file, line: 1, column: 1 };
  if (soa === undefined) gatherer.error(start, `Cannot find the SOA record of "${origin}"`);
  else if (wiresOf(soa).length > 1) gatherer.error(placeOf(soa), `Cannot keep several SOA records`);
  if (records.get(origin.key, Type.NS) === undefined) {
    gatherer.error(start, `Cannot find an NS record of "${origin}"`);
  }
}

/** A CNAME stands alone but for what signs it; of CNAME and DNAME there is one. */
function checkAlias(gatherer: ZoneGatherer, types: ReadonlyMap<number, GatheredRRset>): void {
  const cname = types.get(Type.CNAME);
  for (const alias of [cname, types.get(Type.DNAME)]) {
    if (alias === undefined || wiresOf(alias).length === 1) continue;
    const what = `${formatType(alias.type)} of "${Name.fromOctets(alias.owner)}"`;
    gatherer.error(placeOf(alias), `Cannot keep several ${what}`);
  }
  if (cname === undefined || types.size === 1) return;
  const other = [...types.keys()].find(
    (type) => type !== Type.CNAME && type !== Type.RRSIG && type !== Type.NSEC,
  );
  if (other === undefined) return;
  const name = Name.fromOctets(cname.owner);
  gatherer.error(placeOf(cname), `Cannot keep CNAME of "${name}" beside ${formatType(other)}`);
}

/** Hosts that servers and mail are sent to: they have addresses, and are no aliases. */
function checkTargets(
  gatherer: ZoneGatherer,
  rrset: GatheredRRset,
  { isCut }: { readonly isCut: boolean },
): void {
  const { origin, records } = gatherer;
  const owner = Name.fromOctets(rrset.owner);
  const what = `${formatType(rrset.type)} of "${owner}"`;
  for (const wire of wiresOf(rrset)) {
    const target = checkRdata(rrset.type, wire)?.target;
    if (target === undefined || target.isRoot || !target.isSubdomainOf(origin)) continue;
    const glue = isCut && target.isSubdomainOf(owner);
    if (records.get(target.key, Type.CNAME) !== undefined) {
      gatherer.warn(placeOf(rrset), `${what} points to the alias "${target}"`);
    } else if (glue ? !isHost(records, target.key) : !hasAddress(records, target, origin)) {
      const lacking = glue ? 'glue, an address record in this zone' : 'an address record';
      gatherer.warn(placeOf(rrset), `${what} points to "${target}", which lacks ${lacking}`);
    }
  }
}

/** An address of its own or by a wildcard; or it is below a delegation, and others know it. */
function hasAddress(records: ZoneRecords, name: Name, origin: Name): boolean {
  if (isHost(records, name.key)) return true;
  if (records.names.find(name.key) >= 0) return records.get(name.key, Type.NS) !== undefined;
  for (let above = name.parent(); above?.isSubdomainOf(origin); above = above.parent()) {
    if (!above.equals(origin) && records.get(above.key, Type.NS) !== undefined) return true;
    const wildcard = `\u0001*${above.key}`;
    if (isHost(records, wildcard) || records.get(wildcard, Type.CNAME) !== undefined) return true;
  }
  return false;
}

function isHost(records: ZoneRecords, key: string): boolean {
  return records.get(key, Type.A) !== undefined || records.get(key, Type.AAAA) !== undefined;
}

/** Names below a DNAME do not exist (RFC 6672 §2.4). */
function* checkBelowDname(
  gatherer: ZoneGatherer,
  dnames: ReadonlySet<string>,
): Generator<number, void, void> {
  const { records } = gatherer;
  for (let number = 0; number < records.names.size; number++) {
    yield 1;
    const key = records.names.keyAt(number);
    let at = 1 + key.charCodeAt(0);
    while (at < key.length && !dnames.has(key.slice(at))) at += 1 + key.charCodeAt(at);
    const [first] = at < key.length ? records.gatheredAt(number) : [];
    if (first === undefined) continue;
    const name = Name.fromOctets(first.owner);
    gatherer.error(placeOf(first), `Cannot keep "${name}" as there is a DNAME above it`);
  }
}

function placeOf({ file, line }: GatheredRRset): { file: string; line: number; column: number } {
  return { file, line, column: 1 };
}
