// Keeps a stored zone signed, all by itself: keys in the store, signatures that are renewed, keys that follow each other.
import { createNodeReactor, type DelayedCall, type Has } from '@hawser/core';
import type { CommitHook, LiveZone } from '../contract/live-zone.ts';
import type { AttendantContext, ZoneAttendant } from '../contract/zone-attendant.ts';
import { usageError } from '../errors.ts';
import type { Name } from '../name.ts';
import { Type } from '../numbers.ts';
import type { Rdata } from '../rdata/rdata.ts';
import { rdataToText } from '../rdata/rdata-text.ts';
import { CacheHorizon } from './cache-horizon.ts';
import { ClockJumps, withoutJump } from './clock-jumps.ts';
import { checkDigests } from './delegation-signer.ts';
import type { KeyBook, KeyState } from './kept-key.ts';
import { KeyFollower, withUnseen } from './key-follower.ts';
import { type KeyChange, KeyKeeper } from './key-keeper.ts';
import { awaitsSignatures, SETTLE_MS, type StepFacts, stepKeys } from './key-steps.ts';
import { firstKeys, type KeyReplacement, withSuccessors } from './new-keys.ts';
import { ParentWatch } from './parent-watch.ts';
import { SignatureTerms } from './signature-terms.ts';
import { SignatureUpkeep } from './signature-upkeep.ts';
import type { SigningState } from './signer.ts';
import type { KeyRole } from './signing-key.ts';
import { dsRecords, keysOf } from './zone-keys.ts';
import type { ZoneSigningOptions } from './zone-signing-options.ts';

/** A key of a zone, without what is secret. */
export interface KeyStatus {
  readonly role: KeyRole;
  readonly algorithm: string;
  readonly tag: number;
  readonly state: KeyState;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * Signs a zone that is stored, as `dynamicZone('example.net', { signing: zoneSigning() })`. Keys are made when there are none,
 * and kept in the bucket `dnssec` of the store of the zone: who can read that can sign for the zone. For one zone only.
 * @throws UsageError `HAWSER_DNS_OPTIONS`, `HAWSER_DNS_KEY`
 */
export function zoneSigning(options: ZoneSigningOptions = {}): ZoneSigning {
  return new ZoneSigning(options);
}

/** Where keys are in a store. */
const BUCKET = 'dnssec';
/** The wall clock may jump, and another process may change keys. */
const MAX_WAIT_MS = 60_000;
const MIN_WAIT_MS = 1000;

/** Signs one zone. Made by {@link zoneSigning}. */
export class ZoneSigning implements ZoneAttendant {
  readonly hooks: readonly CommitHook[];
  readonly #options: ZoneSigningOptions;
  readonly #propagationMs: number;
  readonly #state: Omit<SigningState, 'anew'>;
  readonly #follower: KeyFollower;
  readonly #parent: ParentWatch;
  #clock: Has<'clock'>['clock'] = createNodeReactor().clock;
  #attached: { readonly origin: Name; readonly keeper: KeyKeeper } | undefined;
  #zone: LiveZone | undefined;
  #reactor: Has<'clock' | 'reports'> | undefined;
  #upkeep: SignatureUpkeep | undefined;
  #timer: DelayedCall | undefined;
  #renewed: StepFacts['renewed'];
  readonly #horizon = new CacheHorizon();
  readonly #jumps = new ClockJumps();
  /** By how much the clock was set since the last step. */
  #jumpMs = 0;

  constructor(options: ZoneSigningOptions = {}) {
    const { keyTtl = 3600, digests = [2], propagationSeconds = 3600 } = options;
    const { parentCheckSeconds = 300, style = 'csk' } = options;
    checkDigests(digests);
    if (style !== 'csk' && style !== 'ksk-zsk')
      throw usageError('HAWSER_DNS_OPTIONS', `Cannot sign a zone as style is "${String(style)}"`);
    for (const [name, value] of Object.entries({ keyTtl, propagationSeconds, parentCheckSeconds }))
      if (!Number.isSafeInteger(value) || value < 0)
        throw usageError('HAWSER_DNS_OPTIONS', `Cannot sign a zone as ${name} is ${value}`);
    this.#options = options;
    this.#propagationMs = propagationSeconds * 1000;
    this.#parent = new ParentWatch(options.parentDs, Math.max(parentCheckSeconds, 1) * 1000);
    this.#state = {
      keys: () => this.#attached?.keeper.keys,
      epochMs: () => this.#clock.epoch(),
      terms: new SignatureTerms(options),
      keyTtl,
      digests,
      refresh: async (maxAgeMs) => this.#attached?.keeper.refresh(maxAgeMs),
    };
    this.#follower = new KeyFollower(this.#state);
    this.hooks = this.#follower.hooks;
  }

  /** The keys of the zone, without what is secret. */
  get keys(): readonly KeyStatus[] {
    const kept = this.#attached?.keeper.book.keys ?? [];
    return kept.map(({ key, state, since }) => ({
      role: key.role,
      algorithm: key.algorithm.name,
      tag: key.tag,
      state,
      since,
    }));
  }

  /** The DS records the parent should have, as text: what to give to whoever runs it. */
  get ds(): readonly string[] {
    return this.#dsRecords().map((rdata) => rdataToText(Type.DS, rdata));
  }

  /**
   * Begins to replace the keys by new ones: all of them, those of one role, or all by keys for another algorithm. Resolves when
   * that is stored, and published unless the algorithm is another one; the rest takes its time: caches must learn of the new
   * keys, signatures are made, and the parent gets the new DS, before the old ones go.
   * @throws UsageError `HAWSER_DNS_KEY` while keys are being replaced, for a zone that is not signed, for another algorithm in
   * one role, and for keys of an algorithm that are not made here; `HAWSER_DNS_OPTIONS` before there is a zone; StoreError
   */
  async rollover(replacement: KeyReplacement = {}): Promise<void> {
    await this.#context.keeper.change((book) =>
      withSuccessors(book, replacement, this.#clock.epoch()),
    );
  }

  /**
   * Says that the parent has the DS records it should, or none if the zone is to be without signatures: for parents nobody can
   * look up. Where `parentDs` looks, what it finds later counts as well.
   * @throws StoreError
   */
  async parentUpdated(): Promise<void> {
    const records = this.#dsRecords();
    await this.#advance(records.length === 0 ? undefined : { records, ttl: 86_400 });
  }

  /**
   * Begins to make the zone one without signatures: the parent is asked to forget the keys (RFC 8078), and when it has, and
   * everybody who asked it, they go. Resolves when the parent is asked.
   * @throws StoreError
   */
  async unsign(): Promise<void> {
    await this.#context.keeper.change((book) =>
      book.leaving === undefined ? { ...book, leaving: this.#clock.epoch() } : book,
    );
  }

  /**
   * Signs a zone again that wants to be without signatures, or is: with new keys, if it gave up the old ones.
   * @throws StoreError
   */
  async sign(): Promise<void> {
    await this.#context.keeper.change((book) => {
      if (book.leaving === undefined) return book;
      return { keys: book.unsigned ? this.#firstKeys() : book.keys };
    });
  }

  async attach({ origin, bucket, reactor }: AttendantContext): Promise<void> {
    // A zone that could not be opened, as its store failed, may be opened again.
    const other = this.#attached?.origin;
    if (other !== undefined && (this.#zone !== undefined || !origin.equals(other)))
      throw usageError(
        'HAWSER_DNS_OPTIONS',
        `Cannot sign "${origin}" as this one signs "${other}"`,
      );
    this.#clock = reactor.clock;
    const place = { origin, bucket: bucket(BUCKET), now: () => this.#clock.now() };
    const keeper = new KeyKeeper(place, (change) => this.#follow(change));
    this.#attached = { origin, keeper };
    await keeper.open(() => ({ keys: this.#firstKeys() }));
  }

  async opened(zone: LiveZone): Promise<void> {
    if (this.#zone !== undefined) throw this.#second(zone.origin);
    this.#zone = zone;
    const noting = zone.onChange(({ changes }) => this.#horizon.note(changes, this.#clock.now()));
    try {
      await this.#context.keeper.change((book) =>
        withUnseen(book, zone.snapshot, this.#clock.epoch()),
      );
      await this.#follower.follow(zone);
      await this.#follower.renewExpired(zone);
    } catch (error) {
      noting[Symbol.dispose]();
      this.#zone = undefined;
      throw error;
    }
  }

  started(reactor: Has<'clock' | 'reports'>): void {
    const zone = this.#zone;
    if (zone === undefined) return;
    this.#clock = reactor.clock;
    this.#reactor = reactor;
    this.#upkeep = new SignatureUpkeep({
      zone,
      reactor,
      terms: this.#state.terms,
      keys: this.#state.keys,
      walked: ({ began, maxTtl }) => {
        this.#renewed = { began, maxTtlMs: maxTtl * 1000 };
        if (awaitsSignatures(this.#context.keeper.book)) this.#wait(0);
      },
    });
    if (awaitsSignatures(this.#context.keeper.book)) this.#hurry();
    this.#wait(MIN_WAIT_MS);
  }

  async stopped(): Promise<void> {
    this.#timer?.cancel();
    this.#upkeep?.[Symbol.dispose]();
    this.#reactor = undefined;
    await this.#upkeep?.idle();
    await this.#attached?.keeper.idle();
    this.#upkeep = undefined;
  }

  /** Tags and states of the keys, and nothing else. */
  toJSON(): { readonly keys: readonly KeyStatus[] } {
    return { keys: this.keys };
  }

  get #context(): { readonly origin: Name; readonly keeper: KeyKeeper } {
    if (this.#attached === undefined)
      throw usageError('HAWSER_DNS_OPTIONS', 'Cannot sign without a zone');
    return this.#attached;
  }

  #second(origin: Name): Error {
    const why = `this one signs "${this.#context.origin}"`;
    return usageError('HAWSER_DNS_OPTIONS', `Cannot sign "${origin}" as ${why}`);
  }

  #firstKeys(): KeyBook['keys'] {
    return firstKeys(this.#options, this.#clock.epoch());
  }

  #dsRecords(): Rdata[] {
    const { origin, keeper } = this.#context;
    const entry = keeper.keys?.entry;
    if (entry === undefined || entry === 'none') return [];
    return dsRecords(origin, entry, this.#state.digests);
  }

  /** The zone does what its keys do now. */
  async #follow({ before, after }: KeyChange): Promise<void> {
    if (this.#zone !== undefined) await this.#follower.follow(this.#zone);
    if (signersIn(before) !== signersIn(after)) this.#hurry();
  }

  /** Signatures of all names are looked at soon: and once more when nobody can have missed what the keys do now. */
  #hurry(): void {
    this.#upkeep?.hurry({ againAt: this.#clock.epoch() + SETTLE_MS });
  }

  #wait(ms: number): void {
    this.#timer?.cancel();
    const reactor = this.#reactor;
    if (reactor === undefined) return;
    this.#timer = reactor.clock.callLater(ms, () => void this.#step(reactor));
  }

  async #step(reactor: Has<'clock' | 'reports'>): Promise<void> {
    try {
      const { origin, keeper } = this.#context;
      const parent = await this.#parent.ask(origin, keeper.book, reactor);
      // Nobody may use the store any more.
      if (this.#reactor !== reactor) return;
      await this.#advance(parent);
    } catch (error) {
      reactor.reports.problem('dns.zone.keys', error);
    }
    this.#wait(MAX_WAIT_MS);
  }

  /** Takes the steps that are due. @throws StoreError */
  async #advance(parent: StepFacts['parent']): Promise<void> {
    const jump = this.#jumps.since(this.#clock);
    this.#jumpMs += jump;
    if (jump !== 0) {
      // When that walk began is a moment of the other time.
      this.#renewed = undefined;
      // Signatures made by a clock that was wrong do not count, or not for long.
      this.#hurry();
    }
    let applied = 0;
    await this.#context.keeper.change((book) => {
      const zone = this.#zone;
      const nowMs = this.#clock.epoch();
      applied = this.#jumpMs;
      const elapsed = withoutJump(book, applied, nowMs);
      const seen = zone === undefined ? elapsed : withUnseen(elapsed, zone.snapshot, nowMs);
      return stepKeys(seen, this.#facts(parent));
    });
    this.#jumpMs -= applied;
  }

  #facts(parent: StepFacts['parent']): StepFacts {
    const now = this.#clock.epoch();
    const ahead = now - this.#clock.now();
    return {
      origin: this.#context.origin,
      now,
      keyTtlMs: this.#state.keyTtl * 1000,
      propagationMs: this.#propagationMs,
      validityMs: this.#state.terms.validitySeconds * 1000,
      parent,
      isWatched: this.#options.parentDs !== undefined,
      renewed: this.#renewed,
      dataGoneAt: this.#horizon.data + ahead,
      keysGoneAt: this.#horizon.keys + ahead,
    };
  }
}

/** Which keys sign what the zone holds. */
function signersIn(book: KeyBook): string {
  return (keysOf(book)?.signing ?? []).map(String).join();
}
