import type { Factory } from '../src/contract/factory.ts';
import type { StreamOptions } from '../src/contract/tcp.ts';
import type { Transport } from '../src/contract/transport.ts';

/**
 * What not every transport can do:
 *
 * - `resets`: the peer of an aborted connection can tell it from a clean end. Unix sockets cannot.
 * - `quietStart`: the transport sends nothing of its own on a new connection, which an early reset would overtake. TLS
 *   sends session tickets.
 * - `halfCloses`: one side can end while the other goes on.
 * - `detaches`: the transport is a node socket.
 * - `limitsPending`: `connect` honours `maxPendingBytes`.
 * - `countsWrites`: the harness has `countWrites`.
 * - `bulk`: many megabytes pass in a second.
 * - `copies`: `write` copies the bytes, as a pipe inside one process must.
 */
export type Capability =
  | 'resets'
  | 'quietStart'
  | 'halfCloses'
  | 'detaches'
  | 'limitsPending'
  | 'countsWrites'
  | 'bulk'
  | 'copies';

/** The transports under test: make one for each run of a case, and close it afterwards. */
export interface ConformanceHarness {
  readonly can: ReadonlySet<Capability>;
  /** What went to the reports of the reactor since the harness was made. */
  readonly problems: readonly { readonly where: string; readonly error: unknown }[];
  /**
   * Connects `client` to `server`, on one and the same port each time it is called. The outcome is not looked at: a
   * factory may refuse.
   */
  connect(server: Factory, client: Factory, options?: StreamOptions): PromiseLike<unknown>;
  /** Waits for an answer, and lets the time pass that it needs. */
  wait<T>(answer: Promise<T>): Promise<T>;
  /** Waits until nothing happens any more without the time going on; some milliseconds on real sockets. */
  quiet(): Promise<void>;
  /** Starts to count how often bytes leave `transport` for the kernel, or what stands for it. */
  countWrites?(transport: Transport): () => number;
}

/** One claim about transports. */
export interface ConformanceCase {
  readonly name: string;
  /** The invariants of {@link Transport} it holds the transport to. */
  readonly invariants: readonly number[];
  /** Without these the case says nothing: skip it. */
  readonly needs: readonly Capability[];
  /** Rejects when the transport breaks the claim. */
  run(harness: ConformanceHarness): Promise<void>;
}

/** True if a harness that can do `can` should run the case. */
export function isApplicable(
  each: Pick<ConformanceCase, 'needs'>,
  can: ReadonlySet<Capability>,
): boolean {
  return each.needs.every((need) => can.has(need));
}
