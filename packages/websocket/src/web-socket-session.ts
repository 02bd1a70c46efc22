import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type DelayedCall, type Transport, toError } from '@hawser/core';
import type { WebSocket } from 'ws';
import { CloseCode } from './close-code.ts';
import { KeepAlive } from './keep-alive.ts';
import { toJson } from './to-json.ts';
import type { WebSocketSettings } from './web-socket-options.ts';

/**
 * What one session does with its messages. A promise holds the next message back until it settles. A throw or a
 * rejection is reported and ends the session with 1011.
 */
export interface SessionHandler {
  /** A text as a string, bytes as a Buffer. Without it messages are ignored. */
  messageReceived?(message: string | Buffer): void | Promise<void>;
  /** Takes the texts instead, parsed; text that is no JSON ends the session with 1007. */
  jsonReceived?(value: unknown): void | Promise<void>;
  /** After a send gave false: everything has been taken by the connection. */
  drained?(): void;
  /** The session is over. Once, last. 1006 if it ended without a close handshake. */
  closed?(code: number, reason: string): void;
}

/** What a {@link WebSocketSession} is made of. */
export interface WebSocketSessionParts {
  readonly ws: WebSocket;
  readonly socket: Socket;
  readonly transport: Transport;
  readonly request: IncomingMessage;
  readonly settings: WebSocketSettings;
}

/** One WebSocket (RFC 6455), the server's end. */
export class WebSocketSession {
  readonly #parts: WebSocketSessionParts;
  readonly #keepAlive: KeepAlive;
  readonly #waiting: (string | Buffer)[] = [];
  #handler: SessionHandler = {};
  #busy = false;
  #over = false;
  #owesDrained = false;
  #closeTimer: DelayedCall | undefined;

  constructor(parts: WebSocketSessionParts) {
    const { ws, socket, transport, settings } = parts;
    this.#parts = parts;
    this.#keepAlive = new KeepAlive(transport, {
      ...settings,
      ping: () => {
        if (this.open) ws.ping();
      },
    });
    // The peer broke the protocol: ws closes with the right code by itself.
    ws.on('error', () => this.#limitClose());
    ws.on('message', (data: Buffer, isBinary) =>
      this.#received(isBinary ? data : data.toString('utf8')),
    );
    ws.on('close', (code, reason) => this.#closed(code, reason.toString('utf8')));
    socket.on('drain', () => this.#drained());
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
  get request(): IncomingMessage {
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
   * Sends a text or bytes as one message. False when nothing more should be sent until `drained`, and when the session
   * is over. A peer that lets more than `maxBufferedBytes` wait is closed with 1013.
   */
  send(message: string | Uint8Array): boolean {
    if (!this.#hasRoom(message.length)) return false;
    this.#parts.ws.send(message, { binary: typeof message !== 'string' }, ignoreError);
    return this.#sent();
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
    if (!this.#hasRoom(frame.length)) return false;
    this.#parts.socket.write(frame, ignoreError);
    return this.#sent();
  }

  /** Says goodbye and waits for the peer to do so, at most `closeTimeoutMs`. */
  close(code: number = CloseCode.Normal, reason = ''): void {
    if (!this.open) return;
    this.#limitClose();
    this.#parts.ws.close(code, reason);
  }

  /** Ends the connection at once; the peer sees 1006. */
  abort(): void {
    this.#parts.transport.abort();
  }

  #hasRoom(bytes: number): boolean {
    if (!this.open) return false;
    if (this.bufferedBytes + bytes <= this.#parts.settings.maxBufferedBytes) return true;
    this.close(CloseCode.TryAgainLater, 'too slow');
    return false;
  }

  #sent(): boolean {
    if (this.#parts.socket.writableNeedDrain) this.#owesDrained = true;
    return !this.#owesDrained;
  }

  #drained(): void {
    if (!this.#owesDrained || !this.open) return;
    this.#owesDrained = false;
    this.#guard(() => this.#handler.drained?.());
  }

  #received(message: string | Buffer): void {
    if (!this.open) return;
    this.#waiting.push(message);
    if (this.#busy) this.#parts.ws.pause();
    else void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined || !this.open) break;
      try {
        // Most handlers give no promise: then their messages need no turn of their own.
        const promise = this.#give(message);
        if (promise) await promise;
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
    this.#busy = false;
    this.#parts.ws.resume();
  }

  #give(message: string | Buffer): void | Promise<void> {
    const handler = this.#handler;
    if (typeof message !== 'string' || !handler.jsonReceived) {
      return handler.messageReceived?.(message);
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

  #closed(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#keepAlive.stop();
    this.#closeTimer?.cancel();
    this.#waiting.length = 0;
    this.#guard(() => this.#handler.closed?.(code, reason));
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): void {
    this.reactor.reports.problem('websocket.session', toError(thrown));
    this.close(CloseCode.ServerError);
  }

  #limitClose(): void {
    const { transport, settings } = this.#parts;
    const { closeTimeoutMs } = settings;
    this.#closeTimer ??= transport.reactor.clock.callLater(closeTimeoutMs, () => {
      transport.abort({ kind: 'timeout', timer: 'close', afterMs: closeTimeoutMs });
    });
  }
}

/** A message that cannot be delivered ends the session, and `closed` tells. */
function ignoreError(): void {}
