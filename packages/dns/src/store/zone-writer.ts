// Changes of one zone, one after the other. What is asked for while the store is busy is stored together next.
import type { Decided, Deciding, InTurns } from '../contract/live-zone.ts';
import { StoreError } from '../errors.ts';
import { Type } from '../numbers.ts';
import type { ChangeSet, Edit, Zone, ZoneStep } from '../zone/zone.ts';
import { catchUp } from './catch-up.ts';
import { LeaseBook, LeaseDraft, type LeaseView } from './lease-book.ts';
import { type ChangeRules, type PreparedChange, prepareChange } from './prepare-change.ts';
import { checkLimits, type FullZoneLimits, measureUsage, type ZoneUsage } from './zone-limits.ts';
import type { JournalLimits, Lease, ZoneStore } from './zone-store.ts';

/** What a {@link ZoneWriter} begins with. */
export interface ZoneWriterStart {
  readonly zone: Zone;
  readonly revision: number;
  readonly leases: readonly Lease[];
  /** What {@link zone} uses of its limits. */
  readonly usage: ZoneUsage;
  readonly store: ZoneStore;
  readonly rules: ChangeRules;
  readonly limits: FullZoneLimits;
  readonly journal: JournalLimits;
  /** For the long work of one change: takes it to its end and lets others have their turn meanwhile. */
  readonly turns: () => InTurns;
  /** Told of every change, when it is stored and {@link ZoneWriter.zone} is the result. Must not throw. */
  readonly changed: (changeSet: ChangeSet) => void;
  /** Told when {@link ZoneWriter.leases} may have changed. Must not throw. */
  readonly leased: () => void;
  /** Told when the store failed, and may have stored a change all the same. Must not throw. */
  readonly failed: () => void;
}

/** Changes that may wait for the store. */
const MAX_WAITING = 10_000;
/** Changes stored together. */
const MAX_BATCH = 1000;
/** A decision, and what its changes do to leases, cost as much as so many steps of other work. */
const JOB_STEPS = 20;
const CHANGE_STEPS = 2;
/** Times another process may be faster before a change fails. */
const MAX_ATTEMPTS = 20;
/** The journal of a small zone may be larger than the zone, in octets. */
const MIN_JOURNAL_BYTES = 256 * 1024;
/** The journal is at most this often as large as the zone. */
const JOURNAL_PER_ZONE = 2;

/** As that of `LiveZone.transact`, and sees the leases too, as earlier calls will have stored them. */
export type Decide<T> = (zone: Zone, leases: LeaseView) => Deciding<T>;

/** Options for {@link ZoneWriter.transact}. */
export interface TransactOptions {
  /** Stores the change without a way to it from any older serial. @defaultValue false */
  readonly forgetJournal?: boolean | undefined;
}

interface Job extends TransactOptions {
  readonly decide: Decide<unknown>;
  readonly resolve: (decided: Decided<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of a job: nothing is told before the store has it. */
type Verdict =
  | { readonly job: Job; readonly at: 'refused'; readonly error: unknown }
  | {
      readonly job: Job;
      readonly at: 'decided';
      readonly result: unknown;
      /** What its own edits changed; undefined if that was nothing. */
      readonly changes: ChangeSet['changes'] | undefined;
    };

interface Draft {
  readonly verdicts: readonly Verdict[];
  readonly edits: readonly Edit[];
  /** What the edits of a single job lead to, if there is only one. */
  readonly step: ZoneStep | undefined;
  /** After the edits. */
  readonly usage: ZoneUsage;
  readonly leases: LeaseDraft;
  /** A serial that the change has to be after, as one of several that set it had chosen it. */
  readonly floor: number | undefined;
  readonly forgetJournal: boolean;
}

/** Holds a zone, and is the only one to change it. */
export class ZoneWriter {
  readonly #start: Omit<ZoneWriterStart, 'zone' | 'revision' | 'leases' | 'usage'>;
  #zone: Zone;
  #usage: ZoneUsage;
  #leases: LeaseBook;
  #revision: number;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;
  /** Set before anybody is asked to decide: who asks for another change then has it made after this one. */
  #isRunning = false;
  /** The store may have something else than we know: somebody else wrote, or a failure left it open. */
  #doubtful = false;

  constructor({ zone, revision, leases, usage, ...start }: ZoneWriterStart) {
    this.#start = start;
    this.#zone = zone;
    this.#revision = revision;
    this.#usage = usage;
    this.#leases = new LeaseBook(leases);
  }

  /** What is stored, as far as we know. */
  get zone(): Zone {
    return this.#zone;
  }

  get leases(): LeaseBook {
    return this.#leases;
  }

  /** As `LiveZone.transact`. */
  transact<T>(decide: Decide<T>, options: TransactOptions = {}): Promise<Decided<T>> {
    if (this.#waiting.length >= MAX_WAITING) {
      const why = `${MAX_WAITING} changes are waiting for the store`;
      return Promise.reject(
        new StoreError('HAWSER_STORE_IO', `Cannot change "${this.#zone.origin}" as ${why}`),
      );
    }
    return new Promise((resolve, reject) => {
      const job: Job = { ...options, decide, resolve: resolve as Job['resolve'], reject };
      this.#waiting.push(job);
      if (!this.#isRunning) this.#running = this.#run();
    });
  }

  /** Asks the store whether somebody else changed the zone, and takes that in. Rejects with `StoreError`. */
  async look(): Promise<void> {
    this.#doubtful = true;
    await this.transact(() => ({ edits: [], result: undefined }));
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // The next change is made from what this one leaves.
      await this.#commit(this.#waiting.splice(0, MAX_BATCH));
    }
    this.#isRunning = false;
  }

  /** Never rejects: whatever happens is told to those who asked. */
  async #commit(jobs: readonly Job[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (this.#doubtful) await this.#catchUp();
        if (await this.#attempt(jobs)) return;
        // A hook refused all of them, for the sake of one.
        for (const job of jobs) await this.#commit([job]);
        return;
      } catch (error) {
        // Whether it is stored is not known: the connection may have been lost before the answer came.
        this.#doubtful = true;
        if (isConflict(error) && attempt < MAX_ATTEMPTS) continue;
        for (const { reject } of jobs) reject(error);
        this.#start.failed();
        return;
      }
    }
  }

  /** False if a hook refused several changes together. Throws what the store throws. */
  async #attempt(jobs: readonly Job[]): Promise<boolean> {
    const { store, rules, turns, changed, leased } = this.#start;
    const inTurns = turns();
    const draft = await inTurns(this.#decide(jobs));
    let prepared: PreparedChange | undefined;
    try {
      prepared = await prepareChange(this.#zone, draft.edits, {
        rules,
        inTurns,
        step: draft.step,
        floor: draft.floor,
      });
    } catch (error) {
      if (jobs.length > 1) return false;
      for (const { reject } of jobs) reject(error);
      return true;
    }
    const { serial, origin } = this.#zone;
    const leases = draft.leases.changes;
    const unchanged = { origin, from: serial, to: serial, changes: [] };
    const stored = prepared?.changeSet ?? unchanged;
    if (prepared !== undefined || leases.length > 0) {
      const usage =
        prepared === draft.step
          ? draft.usage
          : await inTurns(measureUsage(this.#usage, stored.changes));
      await store.commit(stored, {
        leases,
        revision: this.#revision,
        journal: draft.forgetJournal ? { maxChanges: 0 } : this.#journal(usage),
      });
      this.#revision++;
      this.#usage = usage;
      this.#zone = prepared?.zone ?? this.#zone;
      this.#leases.apply(leases);
      if (prepared !== undefined) changed(prepared.changeSet);
      if (leases.length > 0) leased();
    }
    settle(draft.verdicts, stored);
    return true;
  }

  /** Asks every job in turn. One that throws, or goes beyond a limit, is alone in that. */
  *#decide(jobs: readonly Job[]): Generator<number | void, Draft, void> {
    const { limits } = this.#start;
    const leases = new LeaseDraft(this.#leases, limits.maxLeases);
    const edits: Edit[] = [];
    const verdicts: Verdict[] = [];
    let measured = { zone: this.#zone, usage: this.#usage };
    let step: ZoneStep | undefined;
    let floor: number | undefined;
    let forgetJournal = false;
    let setsSerial = false;
    for (const job of jobs) {
      try {
        const asked = job.decide(measured.zone, leases);
        const decision = 'next' in asked ? yield* asked : asked;
        const next = yield* measured.zone.changing(decision.edits);
        const changes = next?.changeSet.changes ?? [];
        const usage = yield* measureUsage(measured.usage, changes);
        const after = { zone: next?.zone ?? measured.zone, usage };
        yield* checkLimits(limits, { before: measured, after, changes });
        leases.add({ zone: after.zone, changes, edits: decision.leases ?? [] });
        // Not as arguments: there may be more than a call can have.
        for (const edit of decision.edits) edits.push(edit);
        if (decision.edits.some(({ type }) => type === Type.SOA)) {
          // Of several the last one counts, and must not go behind what those before it were promised.
          if (setsSerial) floor = measured.zone.serial;
          setsSerial = true;
        }
        forgetJournal ||= job.forgetJournal === true;
        measured = after;
        step = next;
        const own = next?.changeSet.changes;
        verdicts.push({ job, at: 'decided', result: decision.result, changes: own });
        yield JOB_STEPS + CHANGE_STEPS * changes.length;
      } catch (error) {
        verdicts.push({ job, at: 'refused', error });
        yield JOB_STEPS;
      }
    }
    const { usage } = measured;
    const only = jobs.length === 1 ? step : undefined;
    return { verdicts, edits, leases, usage, step: only, floor, forgetJournal };
  }

  async #catchUp(): Promise<void> {
    const { store, rules, turns, changed, leased } = this.#start;
    const inTurns = turns();
    const known = { zone: this.#zone, revision: this.#revision };
    // Before it is asked: who says meanwhile that there is more, is not forgotten.
    this.#doubtful = false;
    const found = await catchUp(known, { store, rules, inTurns });
    if (found === undefined) return;
    let usage = this.#usage;
    for (const { changes } of found.changeSets) usage = await inTurns(measureUsage(usage, changes));
    this.#usage = usage;
    this.#zone = found.zone;
    this.#revision = found.revision;
    this.#leases = new LeaseBook(found.leases);
    for (const changeSet of found.changeSets) changed(changeSet);
    leased();
  }

  #journal(usage: ZoneUsage): JournalLimits {
    const { maxChanges, maxBytes = Math.max(MIN_JOURNAL_BYTES, JOURNAL_PER_ZONE * usage.bytes) } =
      this.#start.journal;
    return { maxChanges, maxBytes };
  }
}

/** Tells each what its own edits changed, though others were stored along with it, or have undone it. */
function settle(verdicts: readonly Verdict[], stored: ChangeSet): void {
  for (const verdict of verdicts) {
    if (verdict.at === 'refused') verdict.job.reject(verdict.error);
    else {
      const { job, result, changes } = verdict;
      job.resolve({ result, changeSet: changes && { ...stored, changes: dated(changes, stored) } });
    }
  }
}

/** `changes` with the start of authority as it was stored: its serial was chosen once for all. */
function dated(changes: ChangeSet['changes'], stored: ChangeSet): ChangeSet['changes'] {
  const at = changes.findLastIndex(({ type }) => type === Type.SOA);
  const authority = stored.changes.findLast(({ type }) => type === Type.SOA);
  return authority === undefined ? changes.toSpliced(at, 1) : changes.with(at, authority);
}

function isConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'HAWSER_STORE_CONFLICT';
}
