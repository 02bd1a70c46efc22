import { Duplex } from 'node:stream';
import type { Transport } from '@hawser/core';
import { FrameWatch, type FrameWatchListener } from './frame-watch.ts';

/** How long the last frames, such as GOAWAY, may take to be fetched. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Up to so much is copied into one buffer: a call of the system for many small ones costs more than that. */
const JOINED_BYTES = 32_768;

/** What the peer may send of all streams before the library opens its window (RFC 9113 §6.9.2). */
const DEFAULT_WINDOW_BYTES = 65_535;
/** What is held besides that: what has no window. */
const UNWINDOWED_BYTES = 65_536;

type WriteCallback = (error?: Error | null) => void;

/**
 * A transport as the stream an HTTP/2 session of node runs on. The protocol beside it passes on what arrives; what the
 * session wrote before it let go of the stream still leaves.
 *
 * The session reads and writes it as any other stream, and nobody else does. So what it calls for each piece does here
 * only what it needs, without the queues of a stream: the session waits for one write before it begins the next, and
 * what it writes at a time, three pieces an answer, leaves as one.
 *
 * The session reads nothing while it writes. Two of them that have much to say would wait for each other for ever: so
 * what comes while the peer takes nothing is taken from it and held, as much as the window of the connection lets it send.
 */
export class SessionSocket extends Duplex {
  // Asked for by node's session, which takes anything else for a socket that is not connected yet.
  readonly connecting = false;
  readonly #transport: Transport;
  /** What has left. */
  readonly sent: FrameWatch;
  /** What the session writes at a time, and who hears that it was taken. */
  #pieces: Buffer[] = [];
  #written: WriteCallback[] = [];
  #corked = false;
  /** Who hears that the peer takes more again. */
  #blocked: WriteCallback[] = [];
  /** Came while the session wanted nothing. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #maxHeldBytes: number;
  /** Waits until nothing is held. */
  #afterHeld: (() => void) | undefined;
  #stopped = false;
  /** The transport is paused. */
  #heldBack = false;
  #lost = false;

  /**
   * @param listener hears of what the session says besides its answers
   * @param windowBytes what the peer may send of all streams before somebody takes it
   */
  constructor(
    transport: Transport,
    listener: FrameWatchListener,
    windowBytes: number = DEFAULT_WINDOW_BYTES,
  ) {
    super({ allowHalfOpen: true });
    this.#transport = transport;
    this.#maxHeldBytes = windowBytes + UNWINDOWED_BYTES;
    this.sent = new FrameWatch(listener);
    // The protocol hears of it from the transport; unheard here, it would end the process.
    this.on('error', () => undefined);
  }

  /** What was written waits for the peer. */
  get isBlocked(): boolean {
    return this.#blocked.length > 0;
  }

  receive(data: Buffer): void {
    if (this.destroyed) return;
    if (!this.#stopped && this.#held.length === 0) {
      this.emit('data', data);
      return;
    }
    this.#held.push(data);
    this.#heldBytes += data.length;
    if (this.#heldBack || (this.isBlocked && this.#heldBytes <= this.#maxHeldBytes)) return;
    this.#heldBack = true;
    this.#transport.pauseReading();
  }

  /** Calls back when the session has got all that came so far: at once, if nothing is held. */
  delivered(run: () => void): void {
    if (this.#held.length === 0) run();
    else this.#afterHeld = run;
  }

  drained(): void {
    this.#unblock();
  }

  /** The connection is gone. */
  lost(): void {
    this.#lost = true;
    this.#unblock();
    this.destroy();
  }

  override pause(): this {
    this.#stopped = true;
    return this;
  }

  override resume(): this {
    if (!this.#stopped) return this;
    this.#stopped = false;
    // Not at once: the session is in the middle of something.
    if (this.#held.length > 0) process.nextTick(() => this.#deliverHeld());
    return this;
  }

  override cork(): void {
    this.#corked = true;
  }

  override uncork(): void {
    this.#corked = false;
    this.#send();
  }

  override write(piece: Buffer, ...rest: readonly unknown[]): boolean {
    const callback = rest.at(-1);
    this.#pieces.push(piece);
    if (typeof callback === 'function') this.#written.push(callback as WriteCallback);
    if (!this.#corked) this.#send();
    return true;
  }

  override _final(callback: WriteCallback): void {
    this.#transport.close({ deadlineMs: CLOSE_TIMEOUT_MS });
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#lost) this.#transport.close({ deadlineMs: CLOSE_TIMEOUT_MS });
    this.#held = [];
    this.#heldBytes = 0;
    this.#unblock();
    callback(error);
  }

  #deliverHeld(): void {
    while (!this.#stopped && !this.destroyed) {
      const data = this.#held.shift();
      if (!data) break;
      this.#heldBytes -= data.length;
      this.emit('data', data);
    }
    if (this.#held.length > 0) return;
    if (this.#heldBack) {
      this.#heldBack = false;
      this.#transport.resumeReading();
    }
    const run = this.#afterHeld;
    this.#afterHeld = undefined;
    run?.();
  }

  #send(): void {
    const pieces = this.#pieces;
    const callbacks = this.#written;
    if (pieces.length === 0) return;
    this.#pieces = [];
    this.#written = [];
    const transport = this.#transport;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const list = bytes > JOINED_BYTES ? pieces : [Buffer.concat(pieces, bytes)];
    for (const piece of list) this.sent.inspect(piece);
    const more = !transport.ending && transport.writeMany(list);
    // After the end nothing is waited for; that the session is over, it hears in another way.
    if (more || transport.ending) call(callbacks);
    else this.#blocked = callbacks;
  }

  #unblock(): void {
    const callbacks = this.#blocked;
    this.#blocked = [];
    call(callbacks);
  }
}

function call(callbacks: readonly WriteCallback[]): void {
  for (const callback of callbacks) callback();
}
