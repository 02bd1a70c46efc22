import type { Has } from '../contract/reactor.ts';
import { ConnectError, ConnectionError } from '../errors.ts';
import { connectionsWithin, descriptorLimit } from './descriptor-limit.ts';
import { DescriptorWatch } from './descriptor-watch.ts';
import { RepeatedReport } from './repeated-report.ts';

/** A number of places. */
class Places {
  readonly #size: () => number;
  #limit: number | undefined;
  taken = 0;

  constructor(size: () => number) {
    this.#size = size;
  }

  /** Found out when it is first needed. */
  get limit(): number {
    this.#limit ??= this.#size();
    return this.#limit;
  }
}

/** Descriptors belong to the process, so this one is shared by all reactors in it (a worker thread has its own). */
const ofProcess = new Places(() => connectionsWithin(descriptorLimit()));

/** Options for {@link ConnectionBudget}. */
export interface ConnectionBudgetOptions {
  /** A limit of its own, besides that of the process. */
  readonly maxConnections?: number | undefined;
  /** What the process allows. @defaultValue what the limit of open files allows, shared by all budgets */
  readonly processLimit?: number | undefined;
}

/**
 * How many connections, accepted and made, a reactor may have open. It keeps the process away from its limit of open
 * files, where libuv would accept in a busy loop without telling anybody.
 */
export class ConnectionBudget {
  readonly #own: Places;
  readonly #process: Places;
  readonly #report: RepeatedReport;
  /** For what the budget cannot prevent. */
  readonly watch: DescriptorWatch;
  #refused = 0;

  constructor(reactor: Has<'clock' | 'reports'>, options: ConnectionBudgetOptions = {}) {
    const { maxConnections = Number.POSITIVE_INFINITY, processLimit } = options;
    if (!(maxConnections >= 1)) {
      throw new RangeError(
        `Cannot limit connections as maxConnections must be 1 or more: ${maxConnections}`,
      );
    }
    this.#own = new Places(() => maxConnections);
    this.#process = processLimit === undefined ? ofProcess : new Places(() => processLimit);
    this.#report = new RepeatedReport(reactor, 'connections');
    this.watch = new DescriptorWatch(reactor);
  }

  /** Connections that were turned away. */
  get refused(): number {
    return this.#refused;
  }
  get open(): number {
    return this.#own.taken;
  }
  get limit(): number {
    return Math.min(this.#own.limit, this.#process.limit);
  }

  get full(): boolean {
    return this.#scarce !== undefined;
  }

  /** Why no connection can be made now. */
  connectError(): ConnectError {
    return new ConnectError('HAWSER_BUDGET', `Cannot connect as ${this.#why()}`);
  }

  /** Takes a place for a connection; false when there is none, which is reported once a second. */
  take(): boolean {
    if (this.full) {
      this.#refused += 1;
      this.#report.happened(
        (count) =>
          new ConnectionError(
            'HAWSER_BUDGET',
            `Cannot take ${count === 1 ? 'a connection' : `${count} connections`} as ${this.#why()}`,
          ),
      );
      return false;
    }
    this.#own.taken += 1;
    this.#process.taken += 1;
    return true;
  }

  /** Gives a place back. */
  release(): void {
    this.#own.taken -= 1;
    this.#process.taken -= 1;
  }

  get #scarce(): Places | undefined {
    if (this.#own.taken >= this.#own.limit) return this.#own;
    return this.#process.taken >= this.#process.limit ? this.#process : undefined;
  }

  #why(): string {
    const places = this.#scarce ?? this.#own;
    const whose = places === this.#own ? 'reactor' : 'process';
    return `this ${whose} may have no more than ${places.limit}`;
  }
}
