/**
 * One connection that carries HTTP/1.1 requests, one at a time. It never sends a request while anything of the response
 * before is outstanding, and never takes bytes that nobody asked for as a response.
 *
 *     idle ──start──▶ busy ──both sides done──▶ idle
 *                      ├──101, or 2xx to CONNECT──▶ switched
 *                      └──anything else──▶ spent ──▶ gone
 */
import {
  type CloseReason,
  ConnectionError,
  describeReason,
  type Protocol,
  type Transport,
  UsageError,
} from '@hawser/core';
import type { CodecLimits, Malformed } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { ResponseReader } from '../wire/response-reader.ts';
import type {
  ClientSession,
  SessionEvents,
  SessionExchange,
  SessionOwner,
  SessionRequest,
} from './client-session.ts';
import { cutOff } from './cut-off.ts';
import { HttpRequestError, type RequestFailure } from './http-request-error.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { wantsClose } from './http1-request-head.ts';
import { IdleDeadline, type IdleLimits } from './idle-deadline.ts';
import { keepAliveHint } from './keep-alive-hint.ts';
import { malformedResponse } from './malformed-response.ts';

/** Limits of a session. */
export interface Http1SessionOptions extends IdleLimits {
  readonly limits: CodecLimits;
}

export class Http1Session implements Protocol, ClientSession {
  readonly multiplexes = false;
  readonly settling = false;
  readonly #owner: SessionOwner;
  readonly #options: Http1SessionOptions;
  readonly #reader: ResponseReader;
  #transport: Transport | undefined;
  #exchange: Http1Exchange | undefined;
  /** It takes no more requests. */
  #spent = false;
  #lost: CloseReason | undefined;
  #served = 0;
  /** Requests that the server still takes, by its hint. */
  #left = Number.POSITIVE_INFINITY;
  #idle: IdleDeadline | undefined;
  /** Inside of the reader, whose callbacks must be over before the next request begins. */
  #reading = 0;
  #done = false;

  constructor(owner: SessionOwner, options: Http1SessionOptions) {
    this.#owner = owner;
    this.#options = options;
    this.#reader = new ResponseReader(
      {
        interim: (head) => this.#exchange?.interim(head),
        head: (head) => this.#head(head),
        data: (chunk) => this.#exchange?.data(chunk),
        end: (trailers) => this.#end(trailers),
      },
      options.limits,
    );
  }

  get capacity(): number {
    return this.#spent || this.#exchange || !this.#idle || this.#idle.passed ? 0 : 1;
  }
  get active(): number {
    return this.#exchange ? 1 : 0;
  }
  get reused(): boolean {
    return this.#served > 0;
  }
  get openedAt(): number {
    return this.#transport?.openedAt ?? 0;
  }

  // --- requests ---

  start(request: SessionRequest, events: SessionEvents): SessionExchange {
    const transport = this.#transport;
    if (this.#exchange)
      throw new UsageError('HAWSER_BUSY', 'Cannot send a request on a busy session');
    if (!transport || this.#spent || transport.ending) {
      const text = 'Cannot send the request as the connection has just been closed';
      const error = new HttpRequestError('HAWSER_CLOSED', text, { phase: 'send', sent: 'nothing' });
      events.failed(error);
      events.closed();
      return { abort: () => undefined };
    }
    const exchange = new Http1Exchange(request, events, {
      transport,
      reused: this.#served > 0,
      supply: {
        clock: transport.reactor.clock,
        flow: () => this.#flow(),
        hold: () => this.#hold(),
        giveUp: (error) => this.#fail(error),
      },
      gaveUp: (error) => this.#fail(error),
      finished: () => this.#settleSoon(),
    });
    this.#idle?.work();
    this.#served += 1;
    this.#left -= 1;
    this.#exchange = exchange;
    this.#reader.expect(request.method);
    if (wantsClose(request.fields)) this.#retire();
    exchange.send();
    return { abort: (error) => this.#exchange === exchange && this.#fail(error) };
  }

  close(): void {
    this.#retire();
    if (!this.#exchange) this.#transport?.close({ deadlineMs: 1_000 });
  }

  abort(error?: Error): void {
    this.#fail(error ?? new ConnectionError('HAWSER_CLOSED', 'The connection was closed'));
  }

  // --- the protocol ---

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#idle = new IdleDeadline(transport.reactor.clock, this.#options, () => this.close());
    this.#idle.rest();
  }

  dataReceived(data: Buffer): void {
    if (!this.#exchange) {
      this.#unexpected();
      return;
    }
    this.#read(() => this.#reader.feed(data));
  }

  readEnded(): void {
    this.#retire();
    this.#read(() => this.#reader.finish());
    // A server that ended its side will not answer: nothing is gained by keeping ours.
    if (this.#exchange && !this.#exchange.responseDone)
      this.#fail(this.#cut('the server ended it'));
    else if (!this.#exchange) this.#transport?.close({ deadlineMs: 1_000 });
  }

  writeDrained(): void {
    this.#exchange?.drained();
  }

  drainRequested(): void {
    this.close();
  }

  connectionLost(reason: CloseReason): void {
    this.#lost = reason;
    this.#retire();
    const body = this.#exchange?.body;
    // What has arrived already may be all there is: whoever reads on finds out.
    if (!body || body.over || !body.resting) this.#failLost();
    this.#settle();
    if (this.#done) return;
    this.#done = true;
    this.#owner.gone(this);
  }

  // --- what the reader says ---

  #head(head: ResponseHeadRead): void {
    const exchange = this.#exchange;
    if (!exchange || exchange.responseDone) {
      // A response to nobody: whatever it is, it must not answer the next request.
      this.#unexpected();
      return;
    }
    if (head.status === 101 || (exchange.isConnect && head.status >= 200 && head.status < 300)) {
      this.#switch(exchange, head);
      return;
    }
    const { timeoutMs, max } = keepAliveHint(head.fields);
    if (!head.keepAlive) this.#retire();
    if (max !== undefined) this.#left = Math.min(this.#left, max);
    if (timeoutMs !== undefined && this.#idle) this.#idle.hintMs = timeoutMs;
    // A body that nobody has asked for rests in the socket.
    if (head.bodyLength !== 0) this.#hold();
    exchange.head(head);
  }

  #end(trailers: FieldLines): void {
    const exchange = this.#exchange;
    if (!exchange || exchange.responseDone) this.#unexpected();
    else exchange.end(trailers);
  }

  #switch(exchange: Http1Exchange, head: ResponseHeadRead): void {
    if (!exchange.switches(head)) {
      this.#fail(malformedResponse('unexpected-switch', 'head'));
      return;
    }
    const transport = this.#transport as Transport;
    this.#retire();
    this.#reader.pause();
    transport.pauseReading();
    this.#exchange = undefined;
    exchange.switched(head, { transport, leftover: this.#reader.takeRest() });
    this.#done = true;
    this.#owner.gone(this);
  }

  // --- reading ---

  /** Whoever is called back may do anything, but the next request begins only when the reader is done. */
  #read(work: () => Malformed | undefined): void {
    this.#reading += 1;
    const malformed = work();
    this.#reading -= 1;
    if (malformed) this.#malformed(malformed);
    this.#settle();
  }

  #flow(): void {
    this.#read(() => this.#reader.resume());
    const body = this.#exchange?.body;
    if (this.#lost && body && !body.over && !body.resting) this.#failLost();
    if (!body || body.over || !body.resting) this.#transport?.resumeReading();
    this.#settle();
  }

  #hold(): void {
    this.#reader.pause();
    this.#transport?.pauseReading();
  }

  #malformed(malformed: Malformed): void {
    const exchange = this.#exchange;
    if (!exchange || exchange.responseDone) this.#unexpected();
    else if (malformed.code.startsWith('incomplete-')) this.#fail(this.#cut('the server ended it'));
    else this.#fail(malformedResponse(malformed.code, exchange.phase));
  }

  #unexpected(): void {
    this.#retire();
    this.#transport?.abort();
  }

  /** The connection is gone: is the response complete, or will it never be? */
  #failLost(): void {
    const exchange = this.#exchange;
    const reason = this.#lost;
    if (!exchange || exchange.responseDone || !reason) return;
    if (reason.kind === 'done') this.#read(() => this.#reader.finish());
    if (!exchange.responseDone) this.#fail(this.#cut(describeReason(reason), reason));
  }

  #cut(why: string, reason?: CloseReason): HttpRequestError {
    const exchange = this.#exchange;
    const cause = reason && 'error' in reason ? reason.error : undefined;
    const sent = exchange?.sent ?? 'something';
    const failure: RequestFailure = {
      phase: exchange?.phase ?? 'send',
      sent: sent === 'unread' && this.#reader.state !== 'idle' ? 'something' : sent,
      cause,
    };
    return cutOff(failure, why);
  }

  // --- the end of a request ---

  #fail(error: Error): void {
    this.#retire();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#transport?.abort();
    exchange?.fail(error);
  }

  #settleSoon(): void {
    if (this.#reading === 0) this.#settle();
  }

  /** Goes on to the next request, if this one is over and the connection is in a state that is known. */
  #settle(): void {
    const exchange = this.#exchange;
    const transport = this.#transport;
    if (this.#reading > 0 || !transport) return;
    if (!exchange) {
      // Bytes after a response, or before the first request.
      if (!this.#done && this.#astray && !transport.ending) this.#unexpected();
      return;
    }
    if (!exchange.responseDone) return;
    if (!exchange.requestDone) {
      // The server does not want the rest; where the next request would begin nobody knows.
      this.#retire();
      exchange.stopUpload();
    }
    this.#exchange = undefined;
    exchange.close();
    if (this.#astray) this.#unexpected();
    if (this.#spent || this.#left <= 0 || transport.ending) {
      this.#retire();
      transport.resumeReading();
      transport.close({ deadlineMs: 1_000 });
      return;
    }
    transport.resumeReading();
    this.#idle?.rest();
    this.#owner.available(this);
  }

  /** There is something after the response that nobody asked for. */
  get #astray(): boolean {
    return this.#reader.state === 'head' || this.#reader.state === 'body';
  }

  #retire(): void {
    if (this.#spent) return;
    this.#spent = true;
    this.#idle?.stop();
    this.#owner.spent(this);
  }
}
