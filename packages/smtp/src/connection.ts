// One session of the library, with its clocks, parser and limits replaced by ours. Every member used here that starts
// with an underscore is private to smtp-server 3.21.6; `test/seams.test.ts` fails when an upgrade changes one.

import type { Socket } from 'node:net';
import { ConnectionError, type DelayedCall, type Transport } from '@hawser/core';
import type { SMTPServer, SMTPServerDataStream } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { Budget } from './budget.ts';
import { HookCall, type HookOutcome, type HookResult } from './hook-call.ts';
import { IdleTimer } from './idle-timer.ts';
import type { SmtpLimits } from './options.ts';
import { Reception } from './reception.ts';
import { SmtpSession } from './session.ts';
import type { SmtpError } from './smtp-error.ts';
import { SocketListeners } from './socket-listeners.ts';
import { StrictParser } from './strict-parser.ts';

/** What a {@link Connection} is made of. */
export interface ConnectionParts {
  readonly server: SMTPServer;
  readonly socket: Socket;
  readonly transport: Transport;
  readonly limits: SmtpLimits;
  /** Passwords may be taken over this connection even while it is not encrypted. */
  readonly plaintextAuth: boolean;
  /** Longest a handshake after STARTTLS may take. */
  readonly handshakeTimeoutMs: number;
}

/** After our end has left the client has this long to close its own, however much it still sends. */
const HALF_CLOSE_MS = 5_000;
/** Longest command line but AUTH. RFC 5321 §4.5.3.1.4 asks for 512 bytes, extensions for some hundred more. */
const MAX_COMMAND_BYTES = 2_048;
/** A reply text that brings its own enhanced status code (RFC 3463 §2). */
const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3} /;

/** One SMTP session. */
export class Connection extends SMTPConnection {
  readonly view: SmtpSession;
  readonly #transport: Transport;
  readonly #limits: SmtpLimits;
  readonly #plaintextAuth: boolean;
  readonly #handshakeTimeoutMs: number;
  readonly #budget: Budget;
  readonly #idle: IdleTimer;
  readonly #transportListeners: SocketListeners;
  /** Everything that waits, so that it ends with the session. */
  readonly #timers: DelayedCall[] = [];

  /** The socket whose traffic counts; the TLS one as soon as a handshake begins. */
  #top: Socket;
  #hook: HookCall<unknown> | undefined;
  #reception: Reception | undefined;
  /** The reader of the message does not keep up, so silence of the client is our fault. */
  #stalled = false;
  #draining = false;
  #listingFeatures = false;

  constructor(parts: ConnectionParts) {
    const { server, socket, transport, limits } = parts;
    super(server, socket, addressesOf(transport));
    const { clock } = transport.reactor;
    this.#transport = transport;
    this.#limits = limits;
    this.#plaintextAuth = parts.plaintextAuth;
    this.#handshakeTimeoutMs = parts.handshakeTimeoutMs;
    this.#top = socket;
    this.#budget = new Budget(limits);
    this.#idle = new IdleTimer(clock, {
      ms: limits.idleTimeoutMs,
      expired: () => this._onTimeout(),
    });
    this.#transportListeners = new SocketListeners(socket);
    this.view = new SmtpSession(transport, this.session);
  }

  /** As the library's, without its wait of 100 ms on a timer of its own. */
  override init(): void {
    const { clock } = this.#transport.reactor;
    const { maxSessionMs, earlyTalkerDelayMs } = this.#limits;
    this.#timers.push(clock.callLater(maxSessionMs, () => this.#outlived()));
    this._setListeners(() => {
      const wait = this.#transport.openedAt + earlyTalkerDelayMs - clock.now();
      if (wait > 0) {
        this.#timers.push(clock.callLater(wait, () => this.connectionReady()));
        return;
      }
      // Without an early talker delay it is no offence to speak first, as a client does that `sniff` recognised.
      const parser = this._parser as StrictParser;
      parser.hold();
      this.connectionReady(() => parser.release());
    });
  }

  /** Asks the application; the session waits for the outcome. */
  ask<T>(
    name: string,
    call: { run(): HookResult<T>; settled(outcome: HookOutcome<T>): void },
  ): void {
    const hook = new HookCall<T>({
      name: `smtp.${name}`,
      reactor: this.#transport.reactor,
      timeoutMs: this.#limits.hookTimeoutMs,
      ...call,
    });
    hook.startDeadline();
    this.#hook = hook;
  }

  /** Takes the message that follows DATA. `answer` gives the reply, once, after the end of the data. */
  receive(
    stream: SMTPServerDataStream,
    call: { run(): HookResult<void>; answer(refusal: SmtpError | undefined): void },
  ): void {
    const parser = this._parser as StrictParser;
    this.#reception = new Reception({
      reactor: this.#transport.reactor,
      timeoutMs: this.#limits.hookTimeoutMs,
      stream,
      run: () => call.run(),
      answered: (refusal) => {
        this.#reception = undefined;
        if (!refusal) this.#budget.accepted();
        call.answer(refusal);
        // What follows an ambiguous message may be a part of it that was meant to be taken for commands.
        if (parser.ambiguous) this.close();
      },
    });
  }

  /** Says 421 as soon as no transaction is open. */
  drain(): void {
    this.#draining = true;
    this.#closeIfDrained();
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    this.#idle.touch();
    const complete = typeof data === 'string' && ENHANCED.test(data);
    super.send(code, data, complete ? false : context);
    if (code >= 400 && code !== 421 && !this._closing && !this.#budget.refused()) {
      super.send(421, '4.7.0 Too many errors', false);
    }
  }

  override close(): void {
    if (this._closing || this._closed) return;
    super.close();
    this._closeTimer?.close();
    this.#stopWaiting();
    this.#timers.push(
      this.#transport.reactor.clock.callLater(HALF_CLOSE_MS, () => this.#top.destroy()),
    );
  }

  /** Called by the constructor of the library too, before the fields of this class exist: look at them late. */
  override _createParser(): StrictParser {
    const clock = (): Transport['reactor']['clock'] => this.#transport.reactor.clock;
    return new StrictParser({
      clock: { callSoon: (call) => clock().callSoon(call) },
      arrived: () => this.#idle.touch(),
      command: (line, next) => this._onCommand(line, next),
      broken: ({ responseCode, message }) => {
        this.send(responseCode, message);
        this.close();
      },
      stalled: (is) => {
        this.#stalled = is;
        this.#reception?.stalled(is);
      },
      dataEnded: (fault) => this.#reception?.dataEnded(fault),
    });
  }

  /** The library would use the timer of the socket, which after STARTTLS is not ours to replace. */
  override _armTimeout(socket: Socket = this._socket): void {
    this.#top = socket;
    this.#idle.touch();
  }

  override _onTimeout(): void {
    if (this.#stalled) this._armTimeout();
    else super._onTimeout();
  }

  override _onCommand(command: Buffer, next?: () => void): void {
    if (!this._upgrading) {
      if (!this.#budget.command(command)) {
        this.send(421, '4.7.0 Too many commands', false);
        return;
      }
      if (this.#closeIfDrained()) return;
      if (!this.#fits(command)) {
        this.send(500, '5.5.2 Command line too long', false);
        next?.();
        return;
      }
    }
    super._onCommand(command, next);
  }

  /** After a transaction, EHLO or RSET. The reply to RSET is still to be written, hence the later turn. */
  override _resetSession(): void {
    super._resetSession();
    if (this.#draining) this.#transport.reactor.clock.callSoon(() => this.#closeIfDrained());
  }

  override handler_EHLO(command: Buffer, next: () => void): void {
    this.#listingFeatures = true;
    super.handler_EHLO(command, next);
    this.#listingFeatures = false;
  }

  /** AUTH stays a known command while it is not offered: mail without it must go on being refused. */
  override _isDisabled(command: string): boolean {
    const hidden = command === 'AUTH' && this.#listingFeatures && !this.#mayAuthenticate;
    return hidden || super._isDisabled(command);
  }

  override handler_AUTH(command: Buffer, next: () => void): void {
    if (this.#mayAuthenticate) {
      super.handler_AUTH(command, next);
      return;
    }
    this.send(538, '5.7.11 Encryption required to authenticate', false);
    next();
  }

  /** The library takes all listeners off the socket; those of the transport below must hear when it closes. */
  override upgrade(next: () => void, secured?: () => void): void {
    super.upgrade(next, secured);
    this.#transportListeners.restore();
    const { clock } = this.#transport.reactor;
    this.#timers.push(
      clock.callLater(this.#handshakeTimeoutMs, () => {
        if (this._upgrading) this.#top.destroy();
      }),
    );
  }

  override _onClose(): void {
    this.#stopWaiting();
    const stream = this._dataStream;
    if (stream && !stream.writableEnded) {
      stream.destroy(new ConnectionError('HAWSER_CLOSED', 'Cannot read on as the client is gone'));
    }
    super._onClose();
  }

  get #mayAuthenticate(): boolean {
    return this.secure || this.#plaintextAuth;
  }

  /** Only AUTH and its continuation lines may be as long as the parser takes: parameters are kept with messages. */
  #fits(command: Buffer): boolean {
    if (command.length + 2 <= MAX_COMMAND_BYTES || this._nextHandler) return true;
    return command.toString('latin1', 0, 5).toUpperCase() === 'AUTH ';
  }

  #outlived(): void {
    // A message that is in may be stored by now; cutting the answer off would have it sent again.
    if (this.#reception?.ended) this.drain();
    else this.send(421, '4.4.2 Session took too long', false);
  }

  #closeIfDrained(): boolean {
    if (!this.#draining || this._closing || this._closed) return false;
    if (this.#reception || this.session.envelope?.mailFrom) return false;
    this.send(421, '4.3.2 Service shutting down', false);
    return true;
  }

  #stopWaiting(): void {
    this.#idle.cancel();
    this.#hook?.cancel();
    this.#reception?.cancel();
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }
}

function addressesOf({
  id,
  local,
  peer,
}: Transport): ConstructorParameters<typeof SMTPConnection>[2] {
  return {
    id: String(id),
    ...('host' in local && { localAddress: local.host, localPort: local.port }),
    ...('host' in peer && { remoteAddress: peer.host, remotePort: peer.port }),
  };
}
