import type { DelayedCall } from '../contract/clock.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { Has } from '../contract/reactor.ts';
import { takenBytes } from './taken-bytes.ts';
import type { Wire } from './wire.ts';

/** What may wait above the high-water mark without anybody looking at the time. */
const PATIENT_BYTES = 1024 * 1024;
/** How long a peer may take nothing while more waits. */
const STALL_MS = 10_000;
const LOOK_EVERY_MS = 2_500;

/** What a {@link WriteStall} watches. */
export interface WriteStallParts {
  readonly reactor: Has<'clock'>;
  readonly wire: Wire;
  readonly stalled: (reason: CloseReason) => void;
}

/** Pending bytes from which a connection is watched. */
export function stallLimit({ highWaterMark }: Wire): number {
  return highWaterMark + PATIENT_BYTES;
}

/**
 * Watches a connection on which much waits to be sent, until it waits no more: a peer that takes nothing for ten seconds
 * holds memory for ever. One that reads, however slowly, is left alone.
 */
export class WriteStall {
  readonly #parts: WriteStallParts;
  #timer: DelayedCall;
  #taken: number;
  #unacknowledged: number | undefined;
  #progressAt: number;

  constructor(parts: WriteStallParts) {
    const { clock } = parts.reactor;
    this.#parts = parts;
    this.#taken = takenBytes(parts.wire);
    this.#progressAt = clock.now();
    this.#timer = clock.callLater(LOOK_EVERY_MS, () => this.#look());
  }

  /** True until nothing is left to watch. */
  get active(): boolean {
    return this.#timer.active;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const { reactor, wire, stalled } = this.#parts;
    // What the caller has corked is not the peer's fault.
    if (wire.pendingBytes <= stallLimit(wire)) return;
    const now = reactor.clock.now();
    const taken = takenBytes(wire);
    if (taken !== this.#taken) {
      this.#taken = taken;
      this.#progressAt = now;
    } else if (now - this.#progressAt >= STALL_MS) {
      stalled({ kind: 'timeout', timer: 'write', afterMs: STALL_MS });
      return;
    }
    // The kernel asks for more in steps of megabytes, which take a slow reader longer than we want to wait.
    wire.askUnacknowledged?.((bytes) => {
      if (this.#unacknowledged !== undefined && bytes !== this.#unacknowledged) {
        this.#progressAt = reactor.clock.now();
      }
      this.#unacknowledged = bytes;
    });
    this.#timer = reactor.clock.callLater(LOOK_EVERY_MS, () => this.#look());
  }
}
