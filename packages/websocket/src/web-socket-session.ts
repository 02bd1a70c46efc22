import type { Socket } from 'node:net';
import { type DelayedCall, type Transport, toError } from '@hawser/core';
import type { UpgradeRequest } from '@hawser/http';
import { CloseCode, checkClose } from './close-code.ts';
import type { ClosingSocket } from './closing-socket.ts';
import { Inbox } from './inbox.ts';
import { KeepAlive } from './keep-alive.ts';
import { Pongs } from './pongs.ts';
import { toJson } from './to-json.ts';
import type { WebSocketSettings } from './web-socket-options.ts';

/**
 * What one session does with its messages. A promise holds the next message back until it settles. A throw or a
 * rejection is reported and ends the session with 1011.
 */
export interface SessionHandler {
  /** A text as a string, bytes as a Buffer. Without it messages are ignored. */
  messageReceived?(message: string | Buffer): void | Promise<void>;
  /** Takes the texts instead, parsed; text that is no JSON ends the session with 1007, bytes with 1003. */
  jsonReceived?(value: unknown): void | Promise<void>;
  /** After a send gave false: everything has been taken by the connection, and more can be sent. */
  drained?(): void | Promise<void>;
  /** The session is over. Once, last. 1006 if it ended without a close handshake. */
  closed?(code: number, reason: string): void | Promise<void>;
}

/** What a {@link WebSocketSession} is made of. */
export interface WebSocketSessionParts {
  readonly ws: ClosingSocket;
  readonly socket: Socket;
  readonly transport: Transport;
  readonly request: UpgradeRequest;
  readonly settings: WebSocketSettings;
}

/** One WebSocket (RFC 6455), the server's end. */
export class WebSocketSession {
  readonly #parts: WebSocketSessionParts;
  readonly #keepAlive: KeepAlive;
  readonly #inbox: Inbox;
  readonly #closedListeners = new Set<() => void>();
  #handler: SessionHandler = {};
  #over = false;
  #owesDrained = false;
  /** Messages sent since the high-water mark and not yet taken. */
  #unsent = 0;
  #closeTimer: DelayedCall | undefined;

  constructor(parts: WebSocketSessionParts) {
    const { ws, socket, transport, settings } = parts;
    this.#parts = parts;
    this.#keepAlive = new KeepAlive(transport, { ...settings, ping: () => ws.ping() });
    const pongs = new Pongs(ws);
    this.#inbox = new Inbox(
      {
        take: (message) => this.#give(message),
        failed: (thrown) => this.#failed(thrown),
        pause: () => this.#pause(),
        resume: () => this.#resume(),
        overflowed: () => this.close(CloseCode.TryAgainLater, 'too quick'),
      },
      { maxWaitingBytes: settings.maxPayload + settings.maxBufferedBytes },
    );
    ws.on('message', (data: Buffer, isBinary) => this.#inbox.received(data, isBinary));
    ws.on('ping', (data: Buffer) => pongs.pinged(data));
    ws.on('close', (code, reason) => this.#closed(code, reason.toString('utf8')));
    // Whichever side begins to close; the peer broke the protocol, which ws answers; the peer ended without a word.
    ws.closing = () => this.#closing();
    ws.on('error', () => this.#closing());
    socket.once('end', () => this.#closing());
  }

  /** Says who hears of this session. Called once, in the turn the session begins. */
  handle(handler: SessionHandler): void {
    this.#handler = handler;
  }

  /** Unique among the connections of one reactor. */
  get id(): number {
    return this.#parts.transport.id;
  }
  get peer(): Transport['peer'] {
    return this.#parts.transport.peer;
  }
  get reactor(): Transport['reactor'] {
    return this.#parts.transport.reactor;
  }
  /** The request the session began with. */
  get request(): UpgradeRequest {
    return this.#parts.request;
  }
  /** The subprotocol that was agreed on, or an empty string. */
  get protocol(): string {
    return this.#parts.ws.protocol;
  }
  /** Whether messages can be sent. */
  get open(): boolean {
    return !this.#over && this.#parts.ws.readyState === this.#parts.ws.OPEN;
  }
  /** Bytes that wait for the peer to take them. */
  get bufferedBytes(): number {
    return this.#parts.ws.bufferedAmount;
  }

  /**
   * Sends a text or bytes as one message; do not change the bytes afterwards. False when nothing more should be sent
   * until `drained`, and when the session is over. A peer that lets more than `maxBufferedBytes` wait is closed with 1013.
   */
  send(message: string | Uint8Array): boolean {
    const binary = typeof message !== 'string';
    const payload = binary ? message : Buffer.from(message);
    if (!this.#admit(payload.length)) return false;
    this.#parts.ws.send(payload, { binary }, this.#sending(payload.length));
    return !this.#owesDrained;
  }

  /** Sends `value` as JSON text. As {@link send}. @throws UsageError `HAWSER_WEBSOCKET_NOT_JSON` */
  sendJson(value: unknown): boolean {
    return this.send(toJson(value));
  }

  /** Whether {@link sendFrame} may be used: a session that compresses has frames of its own. */
  get takesFrames(): boolean {
    return this.#parts.ws.extensions === '';
  }

  /** Sends a frame as made by `encodeFrame`, which may be shared with other sessions. As {@link send}. */
  sendFrame(frame: Buffer): boolean {
    if (!this.#admit(frame.length)) return false;
    this.#parts.socket.write(frame, this.#sending(frame.length));
    return !this.#owesDrained;
  }

  /** Whether so many bytes can be sent without being too many for a slow peer. To one that waits for nothing, any. */
  hasRoom(bytes: number): boolean {
    const { bufferedBytes } = this;
    return bufferedBytes === 0 || bufferedBytes + bytes <= this.#parts.settings.maxBufferedBytes;
  }

  /**
   * Says goodbye and waits for the peer to do so, at most `closeTimeoutMs`.
   *
   * @param code 1000 to 1014 without 1004 to 1006, or 3000 to 4999
   * @param reason at most 123 bytes
   * @throws RangeError for any other code or reason
   */
  close(code: number = CloseCode.Normal, reason = ''): void {
    checkClose(code, reason);
    if (this.open) this.#parts.ws.close(code, reason);
  }

  /** As {@link close}, but waits until `deadline` on the reactor's clock, when the process wants to stop. */
  closeUntil(deadline: number, code: number, reason: string): void {
    const { clock } = this.reactor;
    if (this.#over || (this.#closeTimer && this.#closeTimer.at <= deadline)) return;
    this.#closeTimer?.cancel();
    this.#closeTimer = clock.callLater(deadline - clock.now(), () => {
      this.#parts.transport.abort({ kind: 'shutdown' });
    });
    this.close(code, reason);
  }

  /** Calls `listener` when the session is over, after its handler heard of it. Disposing removes it. */
  onClosed(listener: () => void): Disposable {
    const call = (): void => listener();
    this.#closedListeners.add(call);
    return { [Symbol.dispose]: () => void this.#closedListeners.delete(call) };
  }

  /** Ends the connection at once; the peer sees 1006. */
  abort(): void {
    this.#parts.transport.abort();
  }

  #admit(bytes: number): boolean {
    if (!this.open) return false;
    if (this.hasRoom(bytes)) return true;
    this.close(CloseCode.TryAgainLater, 'too slow');
    return false;
  }

  /**
   * What to call when a message has been taken. Messages are counted once the high-water mark is reached; the socket's
   * own 'drain' will not do, as what is being compressed has not reached the socket yet.
   */
  #sending(bytes: number): () => void {
    if (this.bufferedBytes + bytes >= this.#parts.socket.writableHighWaterMark) {
      this.#owesDrained = true;
    }
    if (!this.#owesDrained) return ignore;
    this.#unsent += 1;
    return this.#sent;
  }

  readonly #sent = (): void => {
    this.#unsent -= 1;
    if (this.#unsent > 0 || !this.open) return;
    this.#owesDrained = false;
    this.#guard(() => this.#handler.drained?.());
  };

  #pause(): void {
    if (!this.open) return;
    this.#parts.ws.pause();
    this.#keepAlive.stop();
  }

  #resume(): void {
    if (!this.#parts.ws.isPaused || !this.open) return;
    this.#parts.ws.resume();
    this.#keepAlive.watch();
  }

  #give(message: string | Buffer): void | Promise<void> {
    const handler = this.#handler;
    const isText = typeof message === 'string';
    if (!handler.jsonReceived || (!isText && handler.messageReceived)) {
      return handler.messageReceived?.(message);
    }
    if (!isText) {
      this.close(CloseCode.Unsupported, 'text expected');
      return undefined;
    }
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      this.close(CloseCode.NotConsistent, 'not JSON');
      return undefined;
    }
    return handler.jsonReceived(value);
  }

  /** From here on nothing is received but the peer's half of the goodbye, for which one timer waits. */
  #closing(): void {
    if (this.#over) return;
    this.#keepAlive.stop();
    this.#inbox.close();
    this.#parts.ws.resume();
    const { transport, settings } = this.#parts;
    const { closeTimeoutMs } = settings;
    this.#closeTimer ??= transport.reactor.clock.callLater(closeTimeoutMs, () => {
      transport.abort({ kind: 'timeout', timer: 'close', afterMs: closeTimeoutMs });
    });
  }

  #closed(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#keepAlive.stop();
    this.#closeTimer?.cancel();
    this.#inbox.close();
    this.#guard(() => this.#handler.closed?.(code, reason));
    for (const listener of this.#closedListeners) listener();
  }

  #guard(call: () => void | Promise<void>): void {
    try {
      call()?.catch((thrown: unknown) => this.#failed(thrown));
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): void {
    this.reactor.reports.problem('websocket.session', toError(thrown));
    this.close(CloseCode.ServerError);
  }
}

/** A message that cannot be delivered ends the session, and `closed` tells. */
function ignore(): void {}
