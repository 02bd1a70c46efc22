import type { Socket } from 'node:net';
import type { Address } from './address.ts';
import type { CloseReason } from './close-reason.ts';
import type { Context } from './context.ts';
import type { InfoKey } from './info.ts';
import type { Protocol } from './protocol.ts';
import type { Reactor } from './reactor.ts';

/** How long {@link Transport.close} may take. */
export interface CloseOptions {
  /** Milliseconds until what is still queued is given up and the connection is aborted. @defaultValue 30_000 */
  readonly deadlineMs?: number | undefined;
}

/**
 * A byte pipe with a peer. The twelve invariants, which the conformance suite holds every implementation to:
 *
 * 1. No method calls back into the protocol synchronously; `abort()` leads to `connectionLost` in a later turn.
 *    (`handTo` introduces the transport to the *next* protocol before it returns.)
 * 2. After `pauseReading()` returns there is no `dataReceived` and no `readEnded` until `resumeReading()`; the end of
 *    input queues behind data. Pauses have owners: an inner resume never lifts an outer pause.
 * 3. `write` after `end`, `close`, `abort` or loss is dropped and returns false. It is reported once, as a `UsageError`,
 *    when the protocol itself had called `end` or `close` before; not when it did so in `readEnded`, when somebody
 *    aborted or the connection was lost, as whoever works on an answer meanwhile cannot know.
 * 4. `write` returns false at the high-water mark; `writeDrained` follows exactly once when the queue is empty. Over
 *    `maxPendingBytes` (16 MiB) the connection is aborted, and also with `{ kind: 'timeout', timer: 'write' }` when
 *    more than 1 MiB above the high-water mark waits and the peer has taken nothing for 10 seconds.
 * 5. `write` takes ownership of the bytes: do not change them afterwards. Pipes and simulations copy.
 * 6. A throw in any callback, `connectionMade` and `buildProtocol` included, is reported and aborts that connection
 *    with `{ kind: 'protocol', error }`; every other connection is untouched. A thrown `ProtocolError` is the peer's
 *    fault: it aborts in the same way, and is not reported.
 * 7. `handTo`: unread bytes reach the next protocol after its `connectionMade`, or stay in the socket if it detaches.
 * 8. `connectionLost` comes once, last, to whoever is the protocol then; `onClose` always, even after `detach`.
 * 9. Chunks may be cut anywhere.
 * 10. Writes made inside one callback leave together.
 * 11. `close` delivers every byte written before it and always ends: the deadline aborts.
 * 12. `abort` resets: the peer sees a reset, not a clean end, wherever the kernel allows.
 */
export interface Transport {
  /** Unique among the connections of one reactor. A TLS transport keeps the id of the connection below it. */
  readonly id: number;
  readonly reactor: Reactor;
  /** What code that runs on behalf of this connection finds as `currentContext()`. */
  readonly context: Context;
  readonly local: Address;
  readonly peer: Address;
  /** A fact about the connection, such as what TLS agreed on. Layers add to what is below them. */
  info<T>(key: InfoKey<T>): T | undefined;

  /** Queues `data`. False at the high-water mark: wait for `writeDrained`. Never throws. */
  write(data: Uint8Array): boolean;
  /** Queues several buffers, to leave together. */
  writeMany(list: readonly Uint8Array[]): boolean;
  /** Holds writes back until the matching `uncork`. Nests. Inside a callback this is done already. */
  cork(): void;
  uncork(): void;
  /** The number of pending bytes at which `write` says false. */
  readonly highWaterMark: number;
  /** Bytes queued and not yet taken by the kernel. */
  readonly pendingBytes: number;

  pauseReading(): void;
  resumeReading(): void;
  /** False while paused by whoever, and after the end of input. */
  readonly reading: boolean;

  /** Flushes, then ends this side only. The peer may go on sending. */
  end(): void;
  /** Flushes, then closes both sides; input is discarded from now on. Aborts at the deadline. */
  close(options?: CloseOptions): void;
  /** Closes now, dropping what is queued, with a reset where there is one. An `Error` becomes `{ kind: 'aborted' }`. */
  abort(why?: Error | CloseReason): void;
  /** True once `end`, `close` or `abort` was called or the connection was lost: nothing can be written any more. */
  readonly ending: boolean;

  /** Makes `next` the protocol and gives it `leftover` and all unread bytes. The old one hears nothing more. */
  handTo(next: Protocol, leftover?: Buffer): void;
  /** Calls `listener` when the connection is gone, in a later turn if it is gone already. Disposing removes it. */
  onClose(listener: (reason: CloseReason) => void): Disposable;

  /**
   * Only on a transport that is a node socket: gives the socket away, with unread bytes put back, neither paused nor
   * flowing. From then on the protocol gets only `drainRequested` and `connectionLost`.
   */
  readonly detach?: (() => Socket) | undefined;

  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** When the connection was made, in milliseconds on the reactor's clock. */
  readonly openedAt: number;
}
