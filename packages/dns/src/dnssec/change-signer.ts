// What has to be signed when a zone changes: what changed, the start of authority, and the names before those that came or went.
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { type RRset, sameRRset } from '../zone/rrset.ts';
import { isSignerType } from '../zone/signer-record.ts';
import type { Edit, RRsetChange, Zone } from '../zone/zone.ts';
import type { ZoneNode } from '../zone/zone-node.ts';
import { NsecChain } from './nsec-chain.ts';
import { signRRset, signRRsetLater } from './sign-rrset.ts';
import { isInChain, signedRRsets, standingOf } from './signable.ts';
import { readSignature } from './signature.ts';
import type { SignatureTerms } from './signature-terms.ts';
import type { SigningKey } from './signing-key.ts';
import { signersOf, type ZoneKeys } from './zone-keys.ts';

/** How a zone is signed at one moment. */
export interface SigningContext {
  readonly keys: ZoneKeys;
  readonly terms: SignatureTerms;
  readonly nowSeconds: number;
}

/** A change to sign. */
export interface UnsignedChange {
  /** Undefined, or not signed by us: everything is signed anew. */
  readonly before: Zone | undefined;
  readonly after: Zone;
  readonly changes: readonly RRsetChange[];
}

/** Names signed at once, between which everything else has its turn; fewer are signed without waiting for anything. */
const BATCH_NAMES = 128;

/** The edits that make `after` a signed zone. */
export async function signChange(
  change: UnsignedChange,
  context: SigningContext,
): Promise<readonly Edit[]> {
  const signer = new ChangeSigner(change, context);
  const isSmall = change.after.size <= BATCH_NAMES;
  const keys = signer.dirtyNames() ?? (isSmall ? new Set(signer.allNames()) : undefined);
  if (keys !== undefined && keys.size <= BATCH_NAMES)
    return [...keys].flatMap((key) => signer.signNow(key));
  const edits: Edit[] = [];
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    const signed = await Promise.all(batch.map((key) => signer.signLater(key)));
    for (const each of signed) edits.push(...each);
    batch = [];
  };
  for (const key of keys ?? signer.allNames()) {
    batch.push(key);
    // oxlint-disable-next-line no-await-in-loop -- a batch at a time
    if (batch.length === BATCH_NAMES) await flush();
  }
  await flush();
  return edits;
}

/** A signature to make. */
interface Task {
  readonly rrset: RRset;
  readonly key: SigningKey;
}

/** What one name needs. */
interface Plan {
  readonly node: ZoneNode;
  readonly nsec: RRset | undefined;
  readonly kept: readonly Rdata[];
  readonly tasks: readonly Task[];
  readonly ttl: number;
}

class ChangeSigner {
  readonly #before: Zone | undefined;
  readonly #after: Zone;
  readonly #changes: readonly RRsetChange[];
  readonly #context: SigningContext;
  readonly #chain: NsecChain;
  /** Types that changed, by name. */
  readonly #changed = new Map<string, Set<number>>();

  constructor({ before, after, changes }: UnsignedChange, context: SigningContext) {
    this.#before = before;
    this.#after = after;
    this.#changes = changes;
    this.#context = context;
    this.#chain = new NsecChain(after);
    for (const { name, type } of changes) {
      const types = this.#changed.get(name.key);
      if (types === undefined) this.#changed.set(name.key, new Set([type]));
      else types.add(type);
    }
  }

  /** The names that may need something; undefined for all of them. */
  dirtyNames(): Set<string> | undefined {
    const before = this.#before;
    // Each name says for how long what is beside it may be denied (RFC 9077 §3.1).
    if (before === undefined || before.negativeTtl !== this.#after.negativeTtl) return undefined;
    const dirty = new Set(this.#changed.keys());
    for (const { name, type, before: was, after: is } of this.#changes) {
      if ((type !== Type.NS && type !== Type.DNAME) || (was === undefined) === (is === undefined))
        continue;
      // What was below a delegation is the zone's own now, or the other way round.
      for (const node of this.#after.ordered(name.key)) dirty.add(node.key);
    }
    const predecessors: string[] = [];
    for (const key of dirty) {
      const was = before.node(key)?.get(Type.NSEC) !== undefined;
      const node = this.#after.node(key);
      const is = node !== undefined && isInChain(standingOf(this.#after, node, key));
      if (was !== is) predecessors.push(this.#chain.previous(key));
    }
    for (const key of predecessors) dirty.add(key);
    return dirty;
  }

  *allNames(): Generator<string, void, undefined> {
    for (const node of this.#after.ordered()) yield node.key;
  }

  signNow(key: string): Edit[] {
    const plan = this.#plan(key);
    if (plan === undefined) return [];
    const { tasks } = plan;
    return this.#edits(
      plan,
      tasks.map((task) => signRRset(task.rrset, this.#options(key, task))),
    );
  }

  async signLater(key: string): Promise<Edit[]> {
    const plan = this.#plan(key);
    if (plan === undefined) return [];
    const signing = plan.tasks.map((task) => signRRsetLater(task.rrset, this.#options(key, task)));
    return this.#edits(plan, await Promise.all(signing));
  }

  #options(key: string, { key: signingKey }: Task): Parameters<typeof signRRset>[1] {
    const { terms, nowSeconds } = this.#context;
    const signer = this.#after.origin;
    return { signer, key: signingKey, owner: key, ...terms.validity(nowSeconds, key) };
  }

  #plan(key: string): Plan | undefined {
    const node = this.#after.node(key);
    if (node === undefined) return undefined;
    const standing = standingOf(this.#after, node, key);
    const nsec = isInChain(standing) ? this.#chain.nsecOf(node, key) : undefined;
    const rrsets = signedRRsets(node, standing);
    if (nsec !== undefined) rrsets.push(nsec);
    const kept: Rdata[] = [];
    const tasks: Task[] = [];
    const known = this.#knownSignatures(key, node);
    for (const rrset of rrsets) {
      const isSame = this.#isUnchanged(key, rrset);
      for (const signingKey of signersOf(this.#context.keys, rrset.type)) {
        const signature = isSame ? known.get(idOf(rrset.type, signingKey)) : undefined;
        if (signature === undefined) tasks.push({ rrset, key: signingKey });
        else kept.push(signature);
      }
    }
    const ttl = Math.min(...rrsets.map((rrset) => rrset.ttl));
    return { node, nsec, kept, tasks, ttl };
  }

  /** What it takes to get from what the name has to what it should. */
  #edits({ node, nsec, kept, ttl }: Plan, made: readonly Rdata[]): Edit[] {
    const { name } = node;
    const records = [...kept, ...made];
    const wanted = new Map<number, RRset | undefined>();
    for (const { type } of node.list) if (isSignerType(type)) wanted.set(type, undefined);
    wanted.set(Type.NSEC, nsec);
    wanted.set(
      Type.RRSIG,
      records.length === 0 ? undefined : { name, type: Type.RRSIG, ttl, records },
    );
    const edits: Edit[] = [];
    for (const [type, rrset] of wanted)
      if (!sameRRset(node.get(type), rrset)) edits.push({ name, type, rrset });
    return edits;
  }

  /** True if `rrset` is what was signed before. */
  #isUnchanged(key: string, rrset: RRset): boolean {
    if (this.#before === undefined) return false;
    if (rrset.type !== Type.NSEC) return this.#changed.get(key)?.has(rrset.type) !== true;
    return sameRRset(this.#before.node(key)?.get(Type.NSEC), rrset);
  }

  /**
   * Signatures of ours by what they are over and who made them: only those that were there before. What somebody else wrote
   * is not believed.
   */
  #knownSignatures(key: string, node: ZoneNode): Map<string, Rdata> {
    const known = new Map<string, Rdata>();
    const signatures = this.#before === undefined ? undefined : node.get(Type.RRSIG);
    if (signatures === undefined) return known;
    const trusted = this.#changed.get(key)?.has(Type.RRSIG)
      ? new Set(this.#before?.node(key)?.get(Type.RRSIG)?.records.map(octetsOf))
      : undefined;
    const { nowSeconds } = this.#context;
    for (const rdata of signatures.records) {
      const { typeCovered, algorithm, keyTag, inception, expiration } = readSignature(rdata);
      const counts = ((expiration - nowSeconds) | 0) > 0 && ((nowSeconds - inception) | 0) >= 0;
      if (!counts || trusted?.has(octetsOf(rdata)) === false) continue;
      known.set(`${typeCovered}/${algorithm}/${keyTag}`, rdata);
    }
    return known;
  }
}

function idOf(type: number, { algorithm, tag }: SigningKey): string {
  return `${type}/${algorithm.number}/${tag}`;
}

function octetsOf({ wire }: Rdata): string {
  return wire.toString('latin1');
}
