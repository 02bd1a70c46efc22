import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import {
  type Context,
  type DelayedCall,
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
import {
  type HeadRefusal,
  type Http2RequestHead,
  type ReadRequestOptions,
  readRequest,
} from './read-request.ts';
import { SessionSocket } from './session-socket.ts';
import type { StreamHost } from './stream-host.ts';

/** More than `maxFields`, as browsers send each cookie in a line of its own; these are counted when they are joined. */
const EXTRA_LINES = 156;
/** How much longer than a whole head its compressed form may be before the connection ends, not the request. */
const HEAD_FLOOD_FACTOR = 4;
/**
 * GOAWAY with the highest stream there can be: nothing is refused yet (RFC 9113 §6.8). Node's session refuses what comes
 * after a GOAWAY of its own, whatever that said, so this is ours; what it writes at a time are whole frames.
 */
const NOTICE: Buffer = Buffer.from('0000080700000000007fffffff00000000', 'hex');
/** How long a client may take to hear of the end of the connection before its newest requests are refused. */
const GOODBYE_MS = 1_000;

/** What all connections of one factory share. */
export interface Http2Settings {
  readonly responder: Responder;
  readonly limits: Http2Limits;
}

/**
 * One connection with HTTP/2 (RFC 9113) on node's session. What the session does not do is done here: deadlines on the
 * clock of the reactor, floods, goodbyes.
 *
 * ```text
 * open ──► leaving (GOAWAY; open streams go on) ──► over
 * ```
 */
export class Http2Connection implements Protocol, Guard, StreamHost {
  readonly limits: Http2Limits;
  readonly #responder: Responder;
  readonly #reading: ReadRequestOptions;
  readonly #guard: FrameGuard;
  readonly #exchanges = new Map<ServerHttp2Stream, Http2Exchange>();
  transport!: Transport;
  secure = false;
  draining = false;
  #socket!: SessionSocket;
  #session!: ServerHttp2Session;
  #timer!: LazyTimer;
  #goodbye: DelayedCall | undefined;
  #state: 'open' | 'leaving' | 'over' = 'open';
  #requests = 0;
  /** Until when the client has to say that it has our settings (RFC 9113 §6.5.3). */
  #settingsDue = Number.POSITIVE_INFINITY;
  /** Since when there is no request; one that is being sent counts as none. */
  #idleSince: number | undefined;
  /** Streams that ended by mistakes of the client, in this window of time. */
  #mistakes = { count: 0, until: 0 };

  constructor(settings: Http2Settings) {
    const { limits } = settings;
    this.limits = limits;
    this.#responder = settings.responder;
    this.#reading = { limits, methods: Methods.of(limits.extraMethods) };
    this.#guard = new FrameGuard({
      windowMs: limits.floodWindowMs,
      maxResets: limits.maxResets,
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
      goawaySent: () => this.#goawaySent(),
      resetSent: (code) => this.#resetSent(code),
    });
    this.#session = this.#openSession();
    this.#settingsDue = clock.now() + this.limits.headTimeoutMs;
    this.arm(this.#settingsDue);
    this.#becomeIdle();
  }

  dataReceived(data: Buffer): void {
    if (this.#state === 'over') return;
    const now = this.transport.reactor.clock.now();
    const { bytesWritten } = this.transport;
    if (this.#guard.inspect(data, now, bytesWritten)) this.#flooded();
    else this.#socket.receive(data);
  }

  /** A peer that ended its side has left: there is no half-closed connection in HTTP/2, as windows could not open. */
  readEnded(): void {
    this.#session.destroy();
  }

  writeDrained(): void {
    this.#socket.drained();
  }

  drainRequested(): void {
    this.draining = true;
    for (const exchange of this.#exchanges.values()) exchange.drain();
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    // Before its settings a server says nothing.
    if (this.#session.destroyed || this.transport.bytesWritten === 0) {
      this.#leave();
      return;
    }
    // Requests on their way to us are still answered; the answer to the ping says that there are none any more.
    this.transport.write(Buffer.from(NOTICE));
    this.#goodbye = this.transport.reactor.clock.callLater(GOODBYE_MS, () => this.#leave());
    this.#session.ping(() => this.#leave());
  }

  connectionLost(): void {
    this.#over();
    this.#socket.lost();
    this.#session.destroy();
  }

  #openSession(): ServerHttp2Session {
    const { limits } = this;
    const session = performServerHandshake(this.#socket, {
      maxHeaderListPairs: limits.maxFields + EXTRA_LINES,
      maxSessionInvalidFrames: limits.maxResets,
      maxSessionMemory: limits.maxSessionMemoryMiB,
      settings: {
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxHeaderListSize: limits.maxHeadBytes,
        enableConnectProtocol: false,
        enablePush: false,
      },
    });
    // Whatever it is, the session ends by it and says so to the client.
    session.on('error', () => undefined);
    session.on('close', () => this.#sessionClosed());
    const openStream = (_: Guard, opening: StreamOpening): void => this.#streamOpened(opening);
    session.on('stream', (stream: ServerHttp2Stream, _: unknown, flags: number, raw: unknown) => {
      // Unheard it would end the process. The end of the stream is heard of in another way.
      stream.on('error', ignore);
      enter(this, 'request', openStream, { stream, lines: raw as FieldLines, flags });
    });
    return session;
  }
  // --- what its streams see ---

  get sessionLives(): boolean {
    return !this.#session.destroyed;
  }

  guarded(run: () => void): void {
    enter(this, 'exchange', callRun, run);
  }

  problem(thrown: unknown): void {
    this.failed('exchange', thrown);
  }

  /** Makes sure of a look at `at`. */
  arm(at: number): void {
    if (this.#state === 'over' || at === Number.POSITIVE_INFINITY) return;
    this.#timer.arm(at, this.transport.reactor.clock.now());
  }

  takeEnded(stream: number): boolean {
    return this.#guard.takeEnded(stream);
  }

  givesUp(): void {
    // The reset that follows is no mistake of the client.
    this.#mistakes.count -= 1;
  }

  sentOn(stream: number): number {
    return this.#socket.sent.sentOn(stream);
  }

  streamClosed(stream: ServerHttp2Stream): void {
    const { id = 0 } = stream;
    this.#exchanges.delete(stream);
    this.#guard.takeEnded(id);
    this.#socket.sent.forget(id);
    if (this.#exchanges.size === 0) this.#becomeIdle();
    // Node leaves a session open in which a head was begun.
    if (this.#exchanges.size === 0 && this.#session.closed) {
      this.#goodbye?.cancel();
      this.#goodbye = this.transport.reactor.clock.callLater(GOODBYE_MS, () => {
        this.#session.destroy();
      });
    }
  }

  // --- requests ---

  #streamOpened({ stream, lines, flags }: StreamOpening): void {
    if (stream.destroyed || this.#state === 'over') return;
    const head = readRequest(lines, this.#reading);
    const exchange = new Http2Exchange(this, {
      stream,
      head: typeof head === 'number' ? headOfRefused(lines) : head,
      complete: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
    });
    this.#requests += 1;
    this.#exchanges.set(stream, exchange);
    this.#idleSince = undefined;
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
    this.#idleSince = now;
    this.arm(this.#idleDeadline(now));
  }

  /**
   * Making the server reset a stream costs it as much as a reset by the client (CVE-2025-8671), which the guard counts.
   * Whoever has its answer may be reset without having done anything wrong, and so may one that was given up here.
   */
  #resetSent(code: number): void {
    const { maxResets, floodWindowMs } = this.limits;
    if (code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL) return;
    const now = this.transport.reactor.clock.now();
    if (now >= this.#mistakes.until) this.#mistakes = { count: 0, until: now + floodWindowMs };
    this.#mistakes.count += 1;
    // Later, as a session that is in the middle of a write can say nothing else.
    if (this.#mistakes.count === maxResets + 1) {
      this.transport.reactor.clock.callLater(1, () => this.#flooded());
    }
  }

  /** Looks at all that is waited for; gives when to look again. */
  #look(now: number): number {
    if (this.#state === 'over' || this.#isUnsettled(now)) return Number.POSITIVE_INFINITY;
    let next = Math.min(this.#settingsDue, this.#idleDeadline(now));
    if (now >= next) {
      this.#leave();
      next = Number.POSITIVE_INFINITY;
    }
    for (const exchange of this.#exchanges.values()) next = Math.min(next, exchange.look(now));
    return next;
  }

  /** Ends a connection whose client never said that it has our settings, and so may not know our limits. */
  #isUnsettled(now: number): boolean {
    if (now < this.#settingsDue) return false;
    this.#settingsDue = Number.POSITIVE_INFINITY;
    if (!this.#session.pendingSettingsAck) return false;
    this.#over();
    this.#session.destroy(unsettled(), constants.NGHTTP2_SETTINGS_TIMEOUT);
    return true;
  }

  #idleDeadline(now: number): number {
    if (this.#idleSince === undefined || this.#state === 'leaving') return Number.POSITIVE_INFINITY;
    const { keepAliveTimeoutMs, headTimeoutMs } = this.limits;
    const first = this.#requests === 0;
    const idle = this.#idleSince + (first ? headTimeoutMs : keepAliveTimeoutMs);
    if (first || now < idle || this.#guard.atRest) return idle;
    return this.#idleSince + Math.max(keepAliveTimeoutMs, headTimeoutMs);
  }

  /** Takes no more requests, and ends after those that are open. */
  #leave(): void {
    if (this.#state === 'over' || this.#session.closed || this.#session.destroyed) return;
    this.#state = 'leaving';
    this.#goodbye?.cancel();
    if (this.#exchanges.size === 0) this.#session.destroy();
    else this.#session.close();
  }

  #flooded(): void {
    if (this.#state === 'over') return;
    this.#over();
    // Which lets the transport close once it has sent that.
    this.#session.destroy(flooded(), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** The session ends: as the client wants it to, after what is open, or by a mistake of the client. */
  #goawaySent(): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    // By a mistake it may leave it at saying so.
    if (!this.#session.closed) this.transport.reactor.clock.callSoon(() => this.#session.destroy());
  }

  #sessionClosed(): void {
    this.#over();
    if (!this.transport.ending) this.transport.close();
  }

  #over(): void {
    this.#state = 'over';
    this.#timer.cancel();
    this.#goodbye?.cancel();
  }
}

/** How a stream began. */
interface StreamOpening {
  readonly stream: ServerHttp2Stream;
  readonly lines: FieldLines;
  readonly flags: number;
}

const REFUSALS: Readonly<Record<HeadRefusal, string>> = {
  400: 'Bad Request\n',
  414: 'URI Too Long\n',
  417: 'Expectation Failed\n',
  431: 'Request Header Fields Too Large\n',
  501: 'Not Implemented\n',
};

function callRun(_: Guard, run: () => void): void {
  run();
}

function ignore(): void {}

function flooded(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_FLOOD',
    'Cannot go on as the client sends too much that means nothing',
  );
}

function unsettled(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_REQUEST_TIMEOUT',
    'Cannot go on as the client does not acknowledge the settings',
  );
}

/** Enough to answer it. */
function headOfRefused(lines: FieldLines): Http2RequestHead {
  return {
    method: lines[lines.indexOf(':method') + 1] === 'HEAD' ? 'HEAD' : 'GET',
    target: '/',
    authority: '',
    fields: [],
    expectsContinue: false,
    contentLength: undefined,
    wantsTrailers: false,
  };
}
