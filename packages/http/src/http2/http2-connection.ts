import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import {
  type Context,
  enter,
  type Guard,
  type Protocol,
  ProtocolError,
  TLS,
  type Transport,
  toError,
} from '@hawser/core';
import type { Responder } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HttpErrorCode } from '../errors.ts';
import { LazyTimer } from '../server/lazy-timer.ts';
import { Methods } from '../wire/methods.ts';
import { FrameGuard } from './frame-guard.ts';
import { Http2Exchange } from './http2-exchange.ts';
import type { Http2Limits } from './http2-limits.ts';
import { IdleTime } from './idle-time.ts';
import { openSession } from './open-session.ts';
import { type ReadRequestOptions, readRequest } from './read-request.ts';
import { headOfRefused, REFUSALS } from './refused-head.ts';
import { ResetCount } from './reset-count.ts';
import { SessionEnd } from './session-end.ts';
import { SessionSocket } from './session-socket.ts';
import type { StreamHost } from './stream-host.ts';

/** How much longer than a whole head its compressed form may be before the connection ends, not the request. */
const HEAD_FLOOD_FACTOR = 4;

/** What all connections of one factory share. */
export interface Http2Settings {
  readonly responder: Responder;
  readonly limits: Http2Limits;
}

/**
 * One connection with HTTP/2 (RFC 9113) on node's session. What the session does not do is done here: deadlines on the
 * clock of the reactor, floods, goodbyes.
 *
 * The session runs on a stream over the transport, not on the socket below, though that costs a tenth of a small request
 * and nearly half of an upload: on a socket of its own it tells nobody of the frames that a flood is made of (PRIORITY, WINDOW_UPDATE, padding, unknown
 * ones), of heads that were begun, or of how much has left on which stream. And bytes that layers count must pass them.
 */
export class Http2Connection implements Protocol, Guard, StreamHost {
  readonly limits: Http2Limits;
  readonly #responder: Responder;
  readonly #reading: ReadRequestOptions;
  readonly #guard: FrameGuard;
  readonly #mistakes: ResetCount;
  readonly #idle: IdleTime;
  readonly #exchanges = new Set<Http2Exchange>();
  transport!: Transport;
  secure = false;
  draining = false;
  #socket!: SessionSocket;
  #session!: ServerHttp2Session;
  #end!: SessionEnd;
  #timer!: LazyTimer;
  #requests = 0;
  /** Until when the client has to say that it has our settings (RFC 9113 §6.5.3). */
  #settingsDue = Number.POSITIVE_INFINITY;

  constructor(settings: Http2Settings) {
    const { limits } = settings;
    const { floodWindowMs: windowMs, maxResets } = limits;
    this.limits = limits;
    this.#responder = settings.responder;
    this.#reading = { limits, methods: Methods.of(limits.extraMethods) };
    this.#mistakes = new ResetCount({ maxResets, windowMs });
    this.#idle = new IdleTime(limits);
    this.#guard = new FrameGuard({
      windowMs,
      maxResets,
      maxControlFrames: limits.maxControlFrames,
      maxEmptyFrames: limits.maxEmptyFrames,
      maxHeadBytes: limits.maxHeadBytes * HEAD_FLOOD_FACTOR,
      maxStreams: limits.maxConcurrentStreams,
    });
  }

  get context(): Context {
    return this.transport.context;
  }

  /** A mistake on behalf of this connection; its streams go on. */
  failed(callback: string, thrown: unknown): void {
    this.transport.reactor.reports.problem(`http2.${callback}`, thrown);
  }

  connectionMade(transport: Transport): void {
    const { clock } = transport.reactor;
    this.transport = transport;
    this.secure = transport.info(TLS) !== undefined;
    this.#timer = new LazyTimer(clock, (now) => this.arm(this.#look(now)));
    this.#socket = new SessionSocket(transport, {
      goawaySeen: () => this.#end.goawaySent(),
      resetSeen: (code) => this.#resetSent(code),
    });
    this.#session = openSession(this.#socket, this.limits);
    this.#end = new SessionEnd(this.#session, transport);
    this.#session.on('close', () => this.#sessionClosed());
    this.#session.on(
      'stream',
      (stream: ServerHttp2Stream, _: unknown, flags: number, raw: unknown) => {
        // Unheard it would end the process. The end of the stream is heard of in another way.
        stream.on('error', ignore);
        enter(this, 'request', openStream, { stream, lines: raw as FieldLines, flags });
      },
    );
    this.#settingsDue = clock.now() + this.limits.headTimeoutMs;
    this.arm(this.#settingsDue);
    this.#becomeIdle();
  }

  dataReceived(data: Buffer): void {
    if (this.#end.isOver) return;
    const now = this.transport.reactor.clock.now();
    const { bytesWritten } = this.transport;
    if (this.#guard.inspect(data, now, bytesWritten)) this.#flooded();
    else this.#socket.receive(data);
  }

  /** A peer that ended its side has left: there is no half-closed connection in HTTP/2, as windows could not open. */
  readEnded(): void {
    this.#socket.delivered(() => this.#session.destroy());
  }

  writeDrained(): void {
    this.#socket.drained();
  }

  drainRequested(): void {
    this.draining = true;
    for (const exchange of this.#exchanges) exchange.drain();
    this.#end.announce(() => this.#exchanges.size);
  }

  connectionLost(): void {
    this.#over();
    this.#socket.lost();
    this.#session.destroy();
  }

  // --- what its streams see ---

  get sessionLives(): boolean {
    return !this.#session.destroyed;
  }
  get sentByAll(): number {
    return this.#socket.sent.dataBytes;
  }
  get isHeldUp(): boolean {
    return this.#socket.isBlocked || (this.#session.state.remoteWindowSize ?? 0) <= 0;
  }

  guarded(run: () => void): void {
    enter(this, 'exchange', callRun, run);
  }

  problem(thrown: unknown): void {
    this.failed('exchange', thrown);
  }

  /** Makes sure of a look at `at`. */
  arm(at: number): void {
    if (this.#end.isOver || at === Number.POSITIVE_INFINITY) return;
    this.#timer.arm(at, this.transport.reactor.clock.now());
  }

  takeEnded(stream: number): boolean {
    return this.#guard.takeEnded(stream);
  }

  givesUp(): void {
    this.#mistakes.forgive();
  }

  sentOn(stream: number): number {
    return this.#socket.sent.dataBytesOn(stream);
  }

  streamClosed(exchange: Http2Exchange, stream: number): void {
    this.#exchanges.delete(exchange);
    this.#socket.sent.forget(stream);
    if (this.#exchanges.size > 0) return;
    this.#becomeIdle();
    this.#end.streamsClosed();
  }

  // --- requests ---

  /** For `enter`. */
  streamOpened({ stream, lines, flags }: StreamOpening): void {
    if (stream.destroyed || this.#end.isOver) return;
    // Reset in the same breath: it would wait for somebody to read what came of its body.
    if (stream.closed) {
      stream.destroy();
      return;
    }
    const head = readRequest(lines, this.#reading);
    const exchange = new Http2Exchange(this, {
      stream,
      head: typeof head === 'number' ? headOfRefused(lines) : head,
      complete: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
    });
    this.#requests += 1;
    this.#exchanges.add(exchange);
    this.#idle.end();
    if (typeof head === 'number') exchange.refuse(head, REFUSALS[head]);
    else this.#answer(exchange);
    if (this.#requests >= this.limits.maxRequestsPerConnection) this.#leave();
  }

  #answer(exchange: Http2Exchange): void {
    try {
      this.#responder(exchange);
    } catch (thrown) {
      this.failed('request', thrown);
      exchange.fail(toError(thrown));
    }
  }

  // --- time ---

  #becomeIdle(): void {
    const now = this.transport.reactor.clock.now();
    this.#idle.begin(now);
    this.arm(this.#idleDeadline(now));
  }

  /** Looks at all that is waited for; gives when to look again. */
  #look(now: number): number {
    if (this.#end.isOver || this.#isUnsettled(now)) return Number.POSITIVE_INFINITY;
    let next = this.#idleDeadline(now);
    if (now >= next) {
      this.#leave();
      next = Number.POSITIVE_INFINITY;
    }
    next = Math.min(next, this.#settingsDue);
    for (const exchange of this.#exchanges) next = Math.min(next, exchange.look(now));
    return next;
  }

  #idleDeadline(now: number): number {
    if (!this.#end.isOpen) return Number.POSITIVE_INFINITY;
    return this.#idle.deadline(now, !this.#guard.atRest);
  }

  /** Ends a connection whose client never said that it has our settings, and so may not know our limits. */
  #isUnsettled(now: number): boolean {
    if (now < this.#settingsDue) return false;
    this.#settingsDue = Number.POSITIVE_INFINITY;
    if (!this.#session.pendingSettingsAck) return false;
    this.#endNow(
      fault('HAWSER_HTTP_REQUEST_TIMEOUT', 'the client does not acknowledge the settings'),
      constants.NGHTTP2_SETTINGS_TIMEOUT,
    );
    return true;
  }

  // --- the end ---

  /** Takes no more requests, and ends after those that are open. */
  #leave(): void {
    this.#end.leave(this.#exchanges.size);
  }

  #resetSent(code: number): void {
    const { clock } = this.transport.reactor;
    // Later, as a session that is in the middle of a write can say nothing else.
    if (this.#mistakes.sent(code, clock.now())) clock.callLater(1, () => this.#flooded());
  }

  #flooded(): void {
    this.#endNow(
      fault('HAWSER_HTTP_FLOOD', 'the client sends too much that means nothing'),
      constants.NGHTTP2_ENHANCE_YOUR_CALM,
    );
  }

  #endNow(error: Error, code: number): void {
    this.#timer.cancel();
    this.#end.now(error, code);
  }

  #sessionClosed(): void {
    this.#over();
    if (!this.transport.ending) this.transport.close();
  }

  #over(): void {
    this.#timer.cancel();
    this.#end.finished();
  }
}

/** How a stream began. */
interface StreamOpening {
  readonly stream: ServerHttp2Stream;
  readonly lines: FieldLines;
  readonly flags: number;
}

function openStream(connection: Http2Connection, opening: StreamOpening): void {
  connection.streamOpened(opening);
}

function callRun(_: Guard, run: () => void): void {
  run();
}

function ignore(): void {}

function fault(code: HttpErrorCode, why: string): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(code, `Cannot go on as ${why}`);
}
