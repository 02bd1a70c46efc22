/**
 * One connection that carries requests side by side over HTTP/2 (RFC 9113), on node's session. What the session does not
 * do is done here: deadlines on the clock of the reactor, floods, and what becomes of requests that a server has not
 * taken.
 *
 *     settling (SETTINGS not there: one request) ──▶ open ──GOAWAY, age, silence──▶ spent ──last stream──▶ gone
 */
import { type ClientHttp2Session, constants } from 'node:http2';
import {
  type Clock,
  type CloseReason,
  ConnectionError,
  type Context,
  describeReason,
  enter,
  type Guard,
  type Protocol,
  type Transport,
} from '@hawser/core';
import type { CodecLimits } from '../contract/codec.ts';
import { FrameGuard } from '../http2/frame-guard.ts';
import { PREFACE } from '../http2/frame-types.ts';
import { FrameWatch } from '../http2/frame-watch.ts';
import { SessionSocket } from '../http2/session-socket.ts';
import type {
  ClientSession,
  SessionEvents,
  SessionExchange,
  SessionOwner,
  SessionRequest,
} from './client-session.ts';
import { cutOff } from './cut-off.ts';
import { HttpRequestError } from './http-request-error.ts';
import { wantsClose } from './http1-request-head.ts';
import type { Http2ClientLimits } from './http2-client-options.ts';
import { Http2Exchange, type Http2ExchangeHost } from './http2-exchange.ts';
import { flooded, refused, whyEnded } from './http2-failures.ts';
import { openClientSession } from './http2-open-session.ts';
import { IdleDeadline, type IdleLimits } from './idle-deadline.ts';
import { malformedResponse } from './malformed-response.ts';

/** Limits of a session. */
export interface Http2SessionOptions extends IdleLimits {
  readonly limits: CodecLimits;
  readonly http2: Http2ClientLimits;
  /** The server may be asked again over HTTP/1.1 where it does not do HTTP/2. */
  readonly fallsBack: boolean;
}

/** What a server may send in {@link FLOOD_WINDOW_MS} that means nothing. Some ping with every other frame. */
const FLOODS = { maxResets: 1_000, maxControlFrames: 1_000, maxEmptyFrames: 1_000 };
const FLOOD_WINDOW_MS = 10_000;
/** How much longer than a whole head its compressed form may be before the connection ends, not the request. */
const HEAD_FLOOD_FACTOR = 4;
/** What watches the frames that leave knows servers, which send no preface: it passes for what a frame holds. */
const PREFACE_FRAME = Buffer.from([0, 0, PREFACE.length, 0xff, 0, 0, 0, 0, 0]);
/** `H`: a frame that begins so would be longer than any that we allow, but an answer of HTTP/1 begins so. */
const HTTP1_BEGINS = 0x48;

export class Http2Session implements Protocol, ClientSession, Guard, Http2ExchangeHost {
  readonly limits: CodecLimits;
  readonly #owner: SessionOwner;
  readonly #options: Http2SessionOptions;
  readonly #guard: FrameGuard;
  /** What the server has reset, and why. */
  readonly #resets = new Map<number, number>();
  readonly #received = new FrameWatch({
    goawaySeen: () => undefined,
    resetSeen: (code, stream) => this.#resetReceived(stream, code),
  });
  readonly #exchanges = new Set<Http2Exchange>();
  #transport!: Transport;
  #socket!: SessionSocket;
  #session!: ClientHttp2Session;
  #idle!: IdleDeadline;
  /** Requests that the server takes at a time, once it has said so. */
  #most: number | undefined;
  #goaway: { readonly code: number; readonly lastStream: number } | undefined;
  /** Why everything ends. */
  #failure: Error | undefined;
  #lost: CloseReason | undefined;
  #spent = false;
  #served = 0;
  #starting = false;
  receivedBytes = 0;

  constructor(owner: SessionOwner, options: Http2SessionOptions) {
    this.limits = options.limits;
    this.#owner = owner;
    this.#options = options;
    this.#guard = new FrameGuard({
      ...FLOODS,
      windowMs: FLOOD_WINDOW_MS,
      maxHeadBytes: options.limits.maxHeadBytes * HEAD_FLOOD_FACTOR,
      maxStreams: options.http2.maxConcurrentStreams,
    });
  }

  get capacity(): number {
    if (this.#spent || this.#idle.passed || this.#transport.ending) return 0;
    return Math.max(0, (this.#most ?? 1) - this.#exchanges.size);
  }
  get active(): number {
    return this.#exchanges.size;
  }
  get settling(): boolean {
    return !this.#spent && (this.#most ?? 0) === 0;
  }
  get multiplexes(): boolean {
    return true;
  }
  get reused(): boolean {
    return this.#served > 0;
  }
  get openedAt(): number {
    return this.#transport.openedAt;
  }

  // --- requests ---

  start(request: SessionRequest, events: SessionEvents): SessionExchange {
    const { closed, destroyed } = this.#session;
    if (this.#spent || this.#transport.ending || closed || destroyed) {
      const text = 'Cannot send the request as the connection has just been closed';
      const error = new HttpRequestError('HAWSER_CLOSED', text, { phase: 'send', sent: 'nothing' });
      events.failed(error);
      events.closed();
      return { abort: () => undefined };
    }
    const exchange = new Http2Exchange(request, events, this);
    this.#exchanges.add(exchange);
    this.#idle.work();
    this.#starting = true;
    try {
      exchange.send(this.#session);
    } catch (thrown) {
      exchange.abort(thrown as Error);
    }
    this.#starting = false;
    if (wantsClose(request.fields) || this.#isOld) this.#retire();
    return exchange;
  }

  close(): void {
    this.#retire();
    if (this.#exchanges.size === 0) this.#session.destroy();
  }

  abort(error?: Error): void {
    this.#end(error ?? new ConnectionError('HAWSER_CLOSED', 'The connection was closed'));
    this.#transport.abort();
  }

  // --- the protocol ---

  connectionMade(transport: Transport): void {
    const { clock } = transport.reactor;
    this.#transport = transport;
    this.#idle = new IdleDeadline(clock, this.#options, () => this.close());
    this.#idle.rest();
    // It guards servers: only clients begin with this.
    this.#guard.inspect(PREFACE, clock.now(), 0);
    const said = { goawaySeen: () => this.#goawaySent(), resetSeen: () => undefined };
    const { connectionWindowBytes } = this.#options.http2;
    this.#socket = new SessionSocket(transport, said, connectionWindowBytes);
    this.#socket.sent.inspect(PREFACE_FRAME);
    this.#session = this.#open();
  }

  dataReceived(data: Buffer): void {
    if (this.#failure) return;
    const first = this.receivedBytes === 0;
    this.receivedBytes += data.length;
    if (first && data[0] === HTTP1_BEGINS) {
      this.#speaksHttp1();
      return;
    }
    const { clock } = this;
    this.#received.inspect(data);
    const flood = this.#guard.inspect(data, clock.now(), this.#transport.bytesWritten);
    if (flood) this.#end(flooded(flood), constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else this.#socket.receive(data);
  }

  /** There is no half-closed connection in HTTP/2, as windows could not open. */
  readEnded(): void {
    this.#leftUnheard();
    this.#retire();
    this.#socket.delivered(() => this.soon(() => this.#cutOff('the server ended it')));
  }

  writeDrained(): void {
    this.#socket.drained();
  }

  drainRequested(): void {
    this.close();
  }

  connectionLost(reason: CloseReason): void {
    this.#lost = reason;
    if (reason.kind !== 'aborted') this.#leftUnheard();
    this.#retire();
    this.soon(() => {
      this.#cutOff(describeReason(reason));
      this.#socket.lost();
    });
    this.#owner.gone(this);
  }

  #open(): ClientHttp2Session {
    const { limits, http2 } = this.#options;
    const session = openClientSession(this.#socket, limits, http2);
    session.on('error', () => {
      this.#failure ??= malformedResponse('malformed-frame', 'head');
    });
    session.on('close', () => this.#sessionClosed());
    session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) =>
      this.guarded(() => this.#settled(maxConcurrentStreams)),
    );
    session.on('goaway', (code: number, lastStream: number) =>
      this.guarded(() => this.#goawayReceived(code, lastStream)),
    );
    return session;
  }

  // --- what its exchanges see ---

  get clock(): Clock {
    return this.#transport.reactor.clock;
  }
  get context(): Context {
    return this.#transport.context;
  }

  failed(callback: string, thrown: unknown): void {
    this.#transport.reactor.reports.problem(`http2.${callback}`, thrown);
  }

  guarded(run: () => void): void {
    enter(this, 'response', callRun, run);
  }

  soon(run: () => void): void {
    process.nextTick(() => this.guarded(run));
  }

  takeEnded(stream: number): boolean {
    return this.#guard.takeEnded(stream);
  }

  whyClosed(exchange: Http2Exchange, code: number): Error {
    if (this.#failure) return this.#failure;
    const { id, phase, answered } = exchange;
    const why = whyEnded({
      stream: id,
      phase,
      answered,
      code,
      reset: this.#resets.get(id),
      goaway: this.#goaway,
      sessionOver: this.#session.destroyed || this.#lost !== undefined,
    });
    // Numbers of streams are used up.
    if (id === 0) this.#retire();
    if (why === 'gone') return this.#gone(exchange);
    if (why !== 'http/1.1') return why;
    if (!this.#options.fallsBack) return cutOff({ phase }, 'the server wants HTTP/1.1');
    this.#downgrade();
    return refused(phase);
  }

  #gone(exchange: Http2Exchange): Error {
    if (this.#lost) return this.#cut(exchange, describeReason(this.#lost));
    return malformedResponse('malformed-frame', exchange.phase);
  }

  late(exchange: Http2Exchange): void {
    // Not a sign of life since it began: others should not wait for this connection as well.
    if (this.receivedBytes === exchange.receivedBefore) this.#retire();
  }

  finished(exchange: Http2Exchange): void {
    this.#exchanges.delete(exchange);
    this.#guard.takeEnded(exchange.id);
    this.#resets.delete(exchange.id);
    if (exchange.answered) this.#served += 1;
    if (this.#isOld) this.#retire();
    if (this.#exchanges.size === 0) {
      if (this.#spent) this.soon(() => this.#session.destroy());
      else this.#idle.rest();
    }
    if (this.capacity === 0) return;
    if (this.#starting) this.clock.callSoon(() => this.#owner.available(this));
    else this.#owner.available(this);
  }

  // --- what the server says ---

  /** Of what is over nobody wants to know. */
  #resetReceived(stream: number, code: number): void {
    for (const { id } of this.#exchanges) if (id === stream) this.#resets.set(stream, code);
  }

  #settled(most: number): void {
    this.#most = Math.min(most, this.#options.http2.maxConcurrentStreams);
    // Even if it takes no more: whoever waits knows then that it has to be another connection.
    this.#owner.available(this);
  }

  /** With a code the library ends everything at once. What has come as a whole can still be read. */
  #goawayReceived(code: number, lastStream: number): void {
    this.#goaway = { code, lastStream };
    if (code === constants.NGHTTP2_HTTP_1_1_REQUIRED && this.#options.fallsBack) this.#downgrade();
    this.#retire();
    if (code !== constants.NGHTTP2_NO_ERROR) for (const each of this.#exchanges) each.keepRest();
  }

  /** The library ends the connection: as it is asked to, or by a mistake of the server, when it may leave it at that. */
  #goawaySent(): void {
    if (this.#spent || this.#session.closed) return;
    this.#retire();
    this.soon(() => this.#end(malformedResponse('malformed-frame', 'head')));
  }

  /** It has agreed on HTTP/2, or was believed to know it, and does not: nothing of a request can have been understood. */
  #speaksHttp1(): void {
    if (!this.#options.fallsBack) {
      this.#end(malformedResponse('not-http2', 'head'));
      return;
    }
    this.#downgrade();
    this.#end(refused('head'));
  }

  /** Perhaps it could make nothing of HTTP/2. */
  #leftUnheard(): void {
    if (this.receivedBytes > 0 || this.#spent || !this.#options.fallsBack) return;
    this.#owner.downgraded(this);
  }

  #downgrade(): void {
    this.#owner.downgraded(this);
    this.#retire();
  }

  // --- the end ---

  /** Too long in use for one more request. */
  get #isOld(): boolean {
    const { lifetimeMs } = this.#options;
    return lifetimeMs > 0 && this.clock.now() >= this.openedAt + lifetimeMs;
  }

  #retire(): void {
    if (this.#spent) return;
    this.#spent = true;
    this.#idle.stop();
    this.#owner.spent(this);
  }

  /** Everything fails, now. */
  #end(error: Error, code: number = constants.NGHTTP2_NO_ERROR): void {
    this.#failure ??= error;
    this.#retire();
    for (const exchange of this.#exchanges) exchange.abort(error);
    if (code === constants.NGHTTP2_NO_ERROR) this.#session.destroy();
    else this.#session.destroy(error, code);
  }

  /** The connection is gone: what has come as a whole can still be read, the rest never will. */
  #cutOff(why: string): void {
    for (const exchange of this.#exchanges) {
      exchange.cutOff(() => this.#failure ?? this.#cut(exchange, why));
    }
    this.#session.destroy();
  }

  #cut(exchange: Http2Exchange, why: string): HttpRequestError {
    const { phase, answered, receivedBefore } = exchange;
    const unread = this.reused && !answered && this.receivedBytes === receivedBefore;
    const cause = this.#lost && 'error' in this.#lost ? this.#lost.error : undefined;
    return cutOff({ phase, sent: unread ? 'unread' : 'something', cause }, why);
  }

  #sessionClosed(): void {
    this.#retire();
    if (!this.#transport.ending) this.#transport.close({ deadlineMs: 1_000 });
  }
}

function callRun(_: Guard, run: () => void): void {
  run();
}
