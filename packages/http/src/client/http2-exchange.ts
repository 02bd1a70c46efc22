import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { type Clock, type DelayedCall, toError } from '@hawser/core';
import type { CodecLimits } from '../contract/codec.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { readTrailers } from '../http2/read-fields.ts';
import { StreamAnswerBody } from '../http2/stream-answer-body.ts';
import { badField } from '../wire/format-fields.ts';
import type { MalformedCode } from '../wire/malformed.ts';
import type { SessionEvents, SessionExchange, SessionRequest } from './client-session.ts';
import type { RequestPhase } from './http-request-error.ts';
import { http2RequestHeaders } from './http2-request-headers.ts';
import { readResponseHead } from './http2-response-head.ts';
import { Inactivity } from './inactivity.ts';
import { malformedResponse } from './malformed-response.ts';
import { ResponseBody } from './response-body.ts';
import { responseTimeout } from './response-timeout.ts';

/** The session that a stream belongs to, as it sees it. */
export interface Http2ExchangeHost {
  readonly clock: Clock;
  readonly limits: CodecLimits;
  /** What has come on the connection so far. */
  readonly receivedBytes: number;
  /** Calls what belongs to the connection; hears what it throws. */
  guarded(run: () => void): void;
  /** The same, when the library has told what it has read so far. */
  soon(run: () => void): void;
  /** Whether the server has sent all it has to on a stream. Asked once. */
  takeEnded(stream: number): boolean;
  /** Why a stream is closed whose response is not complete. */
  whyClosed(exchange: Http2Exchange, code: number): Error;
  /** Nothing has come for too long. */
  late(exchange: Http2Exchange): void;
  /** There is nothing more to do for it. */
  finished(exchange: Http2Exchange): void;
}

/** As many interim responses as one request may get. */
const MAX_INTERIM = 128;
const NO_BODY = new Uint8Array(0);

/** One request and its response, on a stream of HTTP/2. */
export class Http2Exchange implements SessionExchange {
  /** What the connection had received when it began. */
  readonly receivedBefore: number;
  readonly #request: SessionRequest;
  readonly #events: SessionEvents;
  readonly #host: Http2ExchangeHost;
  readonly #quiet: Inactivity;
  /** Ends the stream of half an upload. */
  #breakOff: AbortController | undefined;
  #stream: ClientHttp2Stream | undefined;
  #waitsForContinue = false;
  #continueTimer: DelayedCall | undefined;
  #requestDone = false;
  #over = false;
  #interim = 0;
  #trailers: FieldLines = [];
  #body: ResponseBody | undefined;
  /** What had come of a body when its stream went; `told` once the library has told of all that came with it. */
  #kept: { readonly pieces: Buffer[]; told: boolean } | undefined;
  #bodyBytes = 0;
  phase: RequestPhase = 'send';
  /** Something of an answer has come. */
  answered = false;

  constructor(request: SessionRequest, events: SessionEvents, host: Http2ExchangeHost) {
    this.#request = request;
    this.#events = events;
    this.#host = host;
    this.receivedBefore = host.receivedBytes;
    this.#quiet = new Inactivity(host.clock, () => {
      host.late(this);
      this.abort(responseTimeout(this.phase, request.timeouts));
    });
  }

  /** 0 before there is one. */
  get id(): number {
    return this.#stream?.id ?? 0;
  }

  /** Sends it. @throws UsageError `HAWSER_HTTP_BAD_FIELD` when it cannot be written */
  send(session: ClientHttp2Session): void {
    const { body = NO_BODY, continueTimeoutMs, timeouts } = this.#request;
    const whole = body instanceof Uint8Array ? body : undefined;
    const endStream = whole?.length === 0;
    const headers = http2RequestHeaders(this.#request);
    if (!whole) this.#breakOff = new AbortController();
    const signal = this.#breakOff?.signal;
    const waitForTrailers = !whole && this.#request.hasTrailers;
    const options = signal ? { endStream, waitForTrailers, signal } : { endStream };
    const stream = request(session, headers, options);
    this.#stream = stream;
    this.#listen(stream);
    if (endStream) {
      this.#requestSent();
      return;
    }
    this.#on(stream, 'finish', () => this.#requestSent());
    if (whole) {
      this.#quiet.watch(timeouts.bodyIdleMs);
      stream.end(whole);
    } else if (continueTimeoutMs === undefined) this.#openUpload();
    else {
      this.#waitsForContinue = true;
      this.#continueTimer = this.#host.clock.callLater(continueTimeoutMs, () => this.#continue());
    }
  }

  abort(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel();
    if (this.#body) this.#body.fail(error);
    else this.#events.failed(error);
    this.#end();
  }

  /**
   * The stream is about to go. If its end has come, what was not taken of the body stays readable. The library may have
   * yet to tell of the head and of the fields after the body, which have come before.
   */
  keepRest(): void {
    const stream = this.#stream;
    if (this.#over || this.#kept || !stream || !this.#host.takeEnded(this.id)) return;
    stream.off('data', this.#dataReceived);
    const kept = { pieces: [] as Buffer[], told: false };
    this.#kept = kept;
    for (;;) {
      const chunk = stream.read() as Buffer | null;
      if (chunk === null) break;
      kept.pieces.push(chunk);
    }
    this.#host.soon(() => {
      kept.told = true;
      this.#flow();
    });
  }

  /** The connection is gone: it fails, unless its end has come before. */
  cutOff(why: () => Error): void {
    this.keepRest();
    if (!this.#over && !this.#kept) this.abort(why());
  }

  // --- the request ---

  #openUpload(): void {
    const { body } = this.#request;
    const upload = new StreamAnswerBody(
      { guarded: (run) => this.#host.guarded(run), problem: () => undefined },
      {
        stream: this.#stream as ClientHttp2Stream,
        promised: body?.length,
        wantsTrailers: this.#request.hasTrailers,
        gaveUp: (error) => this.abort(error),
        waits: () => this.#watchUpload(true),
        sent: (left) => this.#watchUpload(left > 0),
      },
    );
    this.#events.upload(upload);
  }

  /** Whether the server has something to take; otherwise it is our side that is waited for. */
  #watchUpload(waits: boolean): void {
    if (this.phase !== 'send') return;
    if (waits) this.#quiet.watch(this.#request.timeouts.bodyIdleMs);
    else this.#quiet.rest();
  }

  #continue(): void {
    if (!this.#waitsForContinue) return;
    this.#waitsForContinue = false;
    this.#continueTimer?.cancel();
    this.#openUpload();
  }

  #requestSent(): void {
    // A stream that is torn down finishes as well.
    if (this.#over) return;
    this.#requestDone = true;
    if (this.phase !== 'send') return;
    this.phase = 'head';
    this.#quiet.watch(this.#request.timeouts.headMs);
  }

  /** Nobody takes the rest of the body. */
  #stopUpload(): void {
    this.#continueTimer?.cancel();
    this.#waitsForContinue = false;
    if (!this.#requestDone) this.#events.uploadStopped();
  }

  // --- the response ---

  #listen(stream: ClientHttp2Stream): void {
    // How it ended is seen when it closes; unheard it would end the process.
    stream.on('error', () => undefined);
    this.#on(stream, 'headers', (_, __, lines) => this.#informed(lines as FieldLines));
    this.#on(stream, 'response', (_, flags, lines) => {
      const ended = ((flags as number) & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      this.#headReceived(lines as FieldLines, ended);
    });
    this.#on(stream, 'trailers', (_, __, lines) => this.#trailersReceived(lines as FieldLines));
    stream.on('data', this.#dataReceived);
    // Nothing flows before somebody wants it.
    stream.pause();
    this.#on(stream, 'end', () => {
      // A stream that was reset ends as well, which does not make its body whole.
      if (!this.#over && !this.#kept && this.#host.takeEnded(this.id)) this.#complete();
    });
    this.#on(stream, 'close', () => this.#closed(stream.rstCode));
  }

  #on(stream: ClientHttp2Stream, event: string, listener: (...given: unknown[]) => void): void {
    stream.on(event, (...given) => this.#host.guarded(() => listener(...given)));
  }

  #informed(lines: FieldLines): void {
    if (this.#over) return;
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) return this.#malformed('too-many-interim');
    const head = readResponseHead(lines, this.#host.limits, true);
    if (typeof head === 'string') return this.#malformed(head);
    // RFC 9113 §8.6: there is nothing to switch to.
    if (head.status === 101) return this.#malformed('unexpected-switch');
    this.answered = true;
    if (head.status === 100) this.#continue();
    this.#events.interim(head);
  }

  #headReceived(lines: FieldLines, ended: boolean): void {
    if (this.#over || this.#body) return;
    const bodiless = ended || this.#request.method === 'HEAD';
    const head = readResponseHead(lines, this.#host.limits, bodiless);
    if (typeof head === 'string') return this.#malformed(head);
    if (head.status < 200) return this.#malformed('bad-status-line');
    this.answered = true;
    this.phase = 'body';
    this.#quiet.rest();
    // An answer without the body being asked for, or a refusal while it is on its way: nobody will read it.
    if (this.#waitsForContinue || (head.status >= 400 && !this.#requestDone)) this.#stopUpload();
    this.#body = this.#bodyOf(head);
    this.#events.head(head, this.#body);
    if (this.#over) return;
    if (ended) {
      this.#host.takeEnded(this.id);
      this.#complete();
      // Nothing follows but the end, for which nobody may ask.
    } else if (head.bodyLength === 0) this.#awaitMore();
  }

  #awaitMore(): void {
    this.#quiet.watch(this.#request.timeouts.bodyIdleMs);
    this.#flow();
  }

  #bodyOf(head: ResponseHeadRead): ResponseBody {
    return new ResponseBody(head.bodyLength, {
      clock: this.#host.clock,
      giveUp: (error) => this.abort(error),
      hold: () => {
        this.#quiet.rest();
        this.#stream?.pause();
      },
      flow: () => this.#awaitMore(),
    });
  }

  #trailersReceived(lines: FieldLines): void {
    if (this.#over) return;
    const trailers = readTrailers(lines, this.#host.limits);
    if (typeof trailers === 'string') this.#malformed(trailers);
    else this.#trailers = trailers;
  }

  readonly #dataReceived = (chunk: Buffer): void => {
    if (this.#over) return;
    this.#quiet.touch();
    this.#host.guarded(() => this.#push(chunk));
  };

  #push(chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    this.#body?.push(chunk);
  }

  #flow(): void {
    const kept = this.#kept;
    if (!kept) {
      this.#stream?.resume();
      return;
    }
    const body = this.#body;
    if (!kept.told || !body) return;
    const { pieces } = kept;
    while (pieces.length > 0 && !body.resting && !this.#over) this.#push(pieces.shift() as Buffer);
    if (pieces.length > 0 || this.#over) return;
    // An end has come; that it was in order the library had no time to say.
    if (body.length !== undefined && body.length !== this.#bodyBytes) {
      this.abort(malformedResponse('malformed-stream', 'body'));
    } else this.#complete();
  }

  #complete(): void {
    this.#over = true;
    // The server may leave it at that without having taken the request.
    if (this.#requestDone) this.#stream?.resume();
    else this.#cancel();
    this.#body?.complete(this.#trailers);
    this.#end();
  }

  // --- the end ---

  #malformed(code: MalformedCode): void {
    this.abort(malformedResponse(code, this.phase === 'body' ? 'body' : 'head'));
  }

  #closed(code: number): void {
    if (this.#over || (this.#kept && this.#body)) return;
    this.abort(this.#host.whyClosed(this, code));
  }

  /** Tells the server that the rest, of the request or of the response, is of no use. */
  #cancel(): void {
    const stream = this.#stream;
    this.#stopUpload();
    if (!stream || stream.destroyed) return;
    // Closing it would send the end of the stream first, and half a request would pass for a whole.
    if (stream.writableEnded) stream.close(constants.NGHTTP2_CANCEL);
    else this.#breakOff?.abort();
  }

  #end(): void {
    this.#quiet.stop();
    this.#continueTimer?.cancel();
    this.#events.closed();
    this.#host.finished(this);
  }
}

/** Node wants some fields at most once. */
function request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
): ClientHttp2Stream {
  try {
    return session.request(headers, options);
  } catch (thrown) {
    throw badField(toError(thrown).message);
  }
}
