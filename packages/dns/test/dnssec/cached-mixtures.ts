// What resolvers may have in their caches while keys follow each other: each RRset as it was at some time its TTL ago, in any
// mixture. All of it has to be valid together, for those who want one good path and for those who want all of them.

import { dsOf } from '../../src/dnssec/delegation-signer.ts';
import { keyTagOf } from '../../src/dnssec/key-tag.ts';
import { readSignature } from '../../src/dnssec/signature.ts';
import { verifyRRset } from '../../src/dnssec/verify.ts';
import { Type } from '../../src/numbers.ts';
import type { Rdata } from '../../src/rdata/rdata.ts';
import { rdataToText } from '../../src/rdata/rdata-text.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import type { Zone } from '../../src/zone/zone.ts';

/** An RRset with its signatures, as it was served from some time on. */
interface Version {
  readonly from: number;
  readonly rrset: RRset;
  readonly signatures: readonly Rdata[];
}

/** `liberal`: one path of keys and signatures is good. `strict`: there is one for each algorithm (RFC 6840 §5.11). */
export type Strictness = 'liberal' | 'strict';

/** Remembers all that was ever served, by a zone and its parent. */
export class CachedMixtures {
  readonly #versions = new Map<string, Version[]>();
  readonly #delayMs: number;

  /** `delayMs`: how long servers of the zone may be behind. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** True if something is new. */
  note(now: number, zone: Zone, ds: Pick<RRset, 'records' | 'ttl'>): boolean {
    let isNew = this.#add(now, { name: zone.origin, type: Type.DS, ...ds }, []);
    for (const node of zone.ordered()) {
      const signatures = node.get(Type.RRSIG)?.records ?? [];
      for (const rrset of node.list) {
        const over = signatures.filter((rdata) => readSignature(rdata).typeCovered === rrset.type);
        if (over.length > 0 && this.#add(now, rrset, over)) isNew = true;
      }
    }
    return isNew;
  }

  /** What is wrong with some mixture of what caches may have at `now`. */
  problems(now: number, strictness: Strictness): string[] {
    const found = new Set<string>();
    const origin = [...this.#versions.keys()].find((id) => id.endsWith(` ${Type.DNSKEY}`));
    const apex = origin?.split(' ')[0] ?? '';
    for (const keys of this.#cached(now, `${apex} ${Type.DNSKEY}`)) {
      for (const problem of signatureProblems(keys, keys, { now, strictness })) found.add(problem);
      for (const ds of this.#cached(now, `${apex} ${Type.DS}`))
        for (const problem of delegationProblems(ds, keys, { now, strictness })) found.add(problem);
      for (const [id] of this.#versions) {
        if (id === `${apex} ${Type.DS}` || id === `${apex} ${Type.DNSKEY}`) continue;
        for (const version of this.#cached(now, id))
          for (const problem of signatureProblems(version, keys, { now, strictness }))
            found.add(`${id}: ${problem}`);
      }
    }
    return [...found];
  }

  /** The versions somebody may have. */
  #cached(now: number, id: string): Version[] {
    const versions = this.#versions.get(id) ?? [];
    return versions.filter(({ rrset, signatures }, index) => {
      const replaced = versions[index + 1]?.from;
      if (replaced === undefined) return true;
      // Nobody keeps anything longer than its signature lasts (RFC 4035 §5.3.3).
      const ends = signatures.map((rdata) => readSignature(rdata).expiration * 1000);
      const isOver = ends.length > 0 && now > Math.max(...ends);
      return !isOver && now < replaced + rrset.ttl * 1000 + this.#delayMs;
    });
  }

  #add(from: number, rrset: RRset, signatures: readonly Rdata[]): boolean {
    const { name, type } = rrset;
    const id = `${name} ${type}`;
    const versions = this.#versions.get(id) ?? [];
    const last = versions.at(-1);
    const texts = (which: readonly Rdata[]) => which.map(({ wire }) => wire.toString('hex')).sort();
    const same =
      last !== undefined &&
      texts(last.rrset.records).join() === texts(rrset.records).join() &&
      texts(last.signatures).join() === texts(signatures).join();
    if (same) return false;
    this.#versions.set(id, [...versions, { from, rrset, signatures }]);
    return true;
  }
}

interface Rules {
  readonly now: number;
  readonly strictness: Strictness;
}

function delegationProblems(ds: Version, keys: Version, { now, strictness }: Rules): string[] {
  const origin = keys.rrset.name;
  const paths = ds.rrset.records.map((record) => {
    const key = keys.rrset.records.find((rdata) =>
      dsOf(origin, { rdata }, record.wire[3] === 4 ? 4 : 2).wire.equals(record.wire),
    );
    return key !== undefined && isSignedBy(keys, key, now);
  });
  const good = strictness === 'strict' ? paths.every(Boolean) : paths.some(Boolean);
  return good ? [] : [`DS ${ds.rrset.records.map((each) => rdataToText(Type.DS, each)).join()}`];
}

function signatureProblems(version: Version, keys: Version, { now, strictness }: Rules): string[] {
  const algorithms = new Set(keys.rrset.records.map(({ wire }) => wire[3]));
  const good = [...algorithms].map((algorithm) =>
    keys.rrset.records.some((key) => key.wire[3] === algorithm && isSignedBy(version, key, now)),
  );
  if (strictness === 'strict' ? good.every(Boolean) : good.some(Boolean)) return [];
  const tags = version.signatures.map((each) => readSignature(each).keyTag);
  const known = keys.rrset.records.map(({ wire }) => keyTagOf(wire));
  return [`signed by ${tags.join()}, with keys ${known.join()}`];
}

const verified = new Map<Rdata, Map<string, boolean>>();

function isSignedBy({ rrset, signatures }: Version, key: Rdata, now: number): boolean {
  return signatures.some((signature) => {
    const { expiration, inception } = readSignature(signature);
    if (expiration < now / 1000 || inception > now / 1000) return false;
    const known = verified.get(signature) ?? new Map<string, boolean>();
    verified.set(signature, known);
    const id = key.wire.toString('hex');
    const right = known.get(id) ?? verifyRRset(rrset, { signature, key }) === undefined;
    known.set(id, right);
    return right;
  });
}
