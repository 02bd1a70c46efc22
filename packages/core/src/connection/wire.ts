import type { Socket } from 'node:net';
import type { Address } from '../contract/address.ts';
import type { CloseReason } from '../contract/close-reason.ts';
import type { CloseOptions } from '../contract/transport.ts';

/**
 * What carries the bytes of a {@link WireTransport}: a socket, a pipe, a simulated link. A wire knows nothing of
 * protocols; it moves bytes and says what happened. All calls to {@link WireEvents} come in a turn of their own, never
 * from inside a method of the wire.
 */
export interface Wire {
  readonly local: Address;
  readonly peer: Address;
  /** Above this many pending bytes, `write` of the transport says false. */
  readonly highWaterMark: number;
  /** Bytes given to `write` that the far side or the kernel has not taken. */
  readonly pendingBytes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that were taken for good, where the wire knows it while one large write is under way. */
  readonly takenBytes?: number | undefined;
  /** Asks how many of the taken bytes the far side has not confirmed. Answered in a later turn, or never. */
  askUnacknowledged?(heard: (bytes: number) => void): void;
  /** Starts delivering to `events`. Called once, first. */
  open(events: WireEvents): void;
  /** Sends the buffers in order and together. */
  write(list: readonly Uint8Array[]): void;
  /** Somebody waits for `drained` while bytes are pending. Only on a wire that would not tell of every such drain. */
  awaitDrained?(): void;
  pause(): void;
  resume(): void;
  /** Ends the sending side once everything written has left; `finished` follows. */
  end(): void;
  /** Releases the wire without a reset; bytes that have left still arrive. `closed` follows. */
  destroy(): void;
  /** Drops everything and resets the peer. `closed` follows. */
  reset(reason: CloseReason): void;
  /** Ends, lingers and gives up by itself, for a wire over a transport that can. */
  close?(options: CloseOptions): void;
  /** Gives the node socket below away with `unread` put back. Only a wire over one has it. */
  detach?(unread: Buffer | undefined): Socket;
}

/** What a wire tells the transport on top of it. */
export interface WireEvents {
  wireData(chunk: Buffer): void;
  /** The peer ended its side; after all data. */
  wireEnded(): void;
  /** Nothing is pending any more. May come more often than asked for. */
  wireDrained(): void;
  /** The end of this side has left, after all data. */
  wireFinished(): void;
  /** The wire is gone. Once, last. `error` may be a whole reason if the wire knows better than "reset". */
  wireClosed(error?: Error | CloseReason): void;
}
