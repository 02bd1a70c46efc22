// What has to be signed when a zone changes: what changed, the start of authority, and the names before those that came or went.
import type { InTurns } from '../contract/live-zone.ts';
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
  readonly inTurns: InTurns;
}

/** A change to sign. */
export interface UnsignedChange {
  /** Undefined, or not signed by us: everything is signed anew. */
  readonly before: Zone | undefined;
  readonly after: Zone;
  readonly changes: readonly RRsetChange[];
}

/** Fewer names are signed by this thread, which costs less than to ask another one. */
const FEW_NAMES = 128;
/** Signatures asked of other threads at a time: their answers come in one turn. */
const BATCH_SIGNATURES = 32;
/** What it costs this thread to look at a name, and to make a signature or have it made, as so many steps of other work. */
const NAME_STEPS = 15;
const SIGNATURE_STEPS = 40;
/** Records sorted and put in canonical form cost as much. */
const RECORD_STEPS = 1;

/** The edits that make `after` a signed zone. */
export async function signChange(
  change: UnsignedChange,
  context: SigningContext,
): Promise<readonly Edit[]> {
  const { inTurns, keys } = context;
  const signer = new ChangeSigner(change, context);
  const dirty = await inTurns(signer.dirtyNames());
  const names = (dirty ?? signer.allNames())[Symbol.iterator]();
  const count = dirty?.size ?? change.after.size;
  if (count <= FEW_NAMES && keys.published.every(isFast)) return inTurns(signer.signNow(names));
  const edits: Edit[] = [];
  for (;;) {
    // oxlint-disable no-await-in-loop -- a batch at a time
    const plans = await inTurns(signer.planSome(names, BATCH_SIGNATURES));
    if (plans.length === 0) return edits;
    const tasks = plans.flatMap((plan) => plan.tasks);
    const made: Rdata[] = [];
    for (let at = 0; at < tasks.length; at += BATCH_SIGNATURES) {
      const batch = tasks.slice(at, at + BATCH_SIGNATURES);
      made.push(...(await Promise.all(batch.map((task) => signer.signLater(task)))));
    }
    for (const edit of await inTurns(signer.editsOf(plans, made))) edits.push(edit);
    // oxlint-enable no-await-in-loop
  }
}

/** False for RSA: a single signature takes milliseconds. */
function isFast({ algorithm }: SigningKey): boolean {
  return algorithm.signatureBytes !== undefined;
}

/** A signature to make. */
interface Task {
  readonly owner: string;
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
  *dirtyNames(): Generator<number | void, Set<string> | undefined, void> {
    const before = this.#before;
    // Each name says for how long what is beside it may be denied (RFC 9077 §3.1).
    if (before === undefined || before.negativeTtl !== this.#after.negativeTtl) return undefined;
    const dirty = new Set(this.#changed.keys());
    for (const { name, type, before: was, after: is } of this.#changes) {
      if ((type !== Type.NS && type !== Type.DNAME) || (was === undefined) === (is === undefined))
        continue;
      // What was below a delegation is the zone's own now, or the other way round.
      for (const node of this.#after.ordered(name.key)) {
        dirty.add(node.key);
        yield;
      }
    }
    const predecessors: string[] = [];
    for (const key of dirty) {
      yield NAME_STEPS;
      const was = before.node(key)?.get(Type.NSEC) !== undefined;
      const node = this.#after.node(key);
      const is = node !== undefined && isInChain(standingOf(this.#after, node, key));
      if (was !== is) predecessors.push(yield* this.#chain.previous(key));
    }
    for (const key of predecessors) dirty.add(key);
    return dirty;
  }

  *allNames(): Generator<string, void, undefined> {
    for (const node of this.#after.ordered()) yield node.key;
  }

  /** The edits for all of `names`, signed by this thread. */
  *signNow(names: Iterator<string>): Generator<number | void, Edit[], void> {
    const edits: Edit[] = [];
    for (;;) {
      const [plan] = yield* this.planSome(names, 1);
      if (plan === undefined) return edits;
      const made: Rdata[] = [];
      for (const task of plan.tasks) {
        made.push(signRRset(task.rrset, this.#options(task)));
        yield stepsOf(task);
      }
      edits.push(...this.#edits(plan, made));
    }
  }

  /** What the next ones of `names` need: some `count` signatures. Nothing at the end. */
  *planSome(names: Iterator<string>, count: number): Generator<number | void, Plan[], void> {
    const plans: Plan[] = [];
    for (let tasks = 0; tasks < count; ) {
      const next = names.next();
      if (next.done === true) return plans;
      yield NAME_STEPS;
      const plan = yield* this.#plan(next.value);
      if (plan === undefined) continue;
      plans.push(plan);
      tasks += Math.max(plan.tasks.length, 1);
    }
    return plans;
  }

  signLater(task: Task): Promise<Rdata> {
    return signRRsetLater(task.rrset, this.#options(task));
  }

  /** The edits for `plans`, of which `made` are the signatures in the order of their tasks. */
  *editsOf(plans: readonly Plan[], made: readonly Rdata[]): Generator<number, Edit[], void> {
    const edits: Edit[] = [];
    let at = 0;
    for (const plan of plans) {
      const signatures = made.slice(at, (at += plan.tasks.length));
      edits.push(...this.#edits(plan, signatures));
      yield NAME_STEPS + signatures.length;
    }
    return edits;
  }

  #options({ owner, key }: Task): Parameters<typeof signRRset>[1] {
    const { terms, nowSeconds } = this.#context;
    const signer = this.#after.origin;
    return { signer, key, owner, ...terms.validity(nowSeconds, owner) };
  }

  *#plan(key: string): Generator<number | void, Plan | undefined, void> {
    const node = this.#after.node(key);
    if (node === undefined) return undefined;
    const standing = standingOf(this.#after, node, key);
    const nsec = isInChain(standing) ? yield* this.#chain.nsecOf(node, key) : undefined;
    const rrsets = signedRRsets(node, standing);
    if (nsec !== undefined) rrsets.push(nsec);
    const kept: Rdata[] = [];
    const tasks: Task[] = [];
    const known = this.#knownSignatures(key, node);
    for (const rrset of rrsets) {
      const isSame = this.#isUnchanged(key, rrset);
      for (const signingKey of signersOf(this.#context.keys, rrset.type)) {
        const signature = isSame ? known.get(idOf(rrset.type, signingKey)) : undefined;
        if (signature === undefined) tasks.push({ owner: key, rrset, key: signingKey });
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

function stepsOf({ rrset }: Task): number {
  return SIGNATURE_STEPS + RECORD_STEPS * rrset.records.length;
}

function idOf(type: number, { algorithm, tag }: SigningKey): string {
  return `${type}/${algorithm.number}/${tag}`;
}

function octetsOf({ wire }: Rdata): string {
  return wire.toString('latin1');
}
