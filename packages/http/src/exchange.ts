import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ConnectionError,
  type DelayedCall,
  ProtocolError,
  TLS,
  type Transport,
} from '@hawser/core';
import type { HttpErrorCode } from './errors.ts';
import type { HttpContext, HttpHandler } from './http-handler.ts';
import type { HttpLimits } from './http-options.ts';
import { reasonText, refusalOf } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { sendResponse } from './send-response.ts';
import { SendWatch } from './send-watch.ts';
import { toRequest } from './to-request.ts';

/** A peer that ended its side while an answer is streamed has left unless it takes something in this time. */
const HALF_CLOSED_SEND_TIMEOUT_MS = 2_000;

/** What an {@link Exchange} is made of. */
export interface ExchangeParts {
  readonly message: IncomingMessage;
  readonly answer: ServerResponse;
  readonly transport: Transport;
  readonly handler: HttpHandler;
  readonly limits: HttpLimits;
  /** What the peer waits for before it sends the body: the go-ahead, or something unknown. */
  readonly expects?: 'continue' | 'unknown' | undefined;
  /** Whether the server wants the connection to end with this answer. */
  lastAnswer(): boolean;
}

/** One request and its answer. */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #body: RequestBody;
  readonly #watch: SendWatch;
  readonly #controller = new AbortController();
  #bodyTimer: DelayedCall | undefined;
  #peerEnded = false;

  constructor(parts: ExchangeParts) {
    const { message, answer, limits, expects, transport } = parts;
    this.#parts = parts;
    this.#watch = new SendWatch(transport);
    this.#body = new RequestBody(message, {
      maxBytes: limits.maxBodyBytes,
      goOn: expects === 'continue' ? () => this.#goOn() : undefined,
    });
    // Both fail together with their socket, which is heard of elsewhere; unheard, they would end the process.
    message.on('error', () => undefined);
    answer.on('error', () => undefined);
  }

  /** Whether the request has arrived as a whole. */
  get received(): boolean {
    return this.#parts.message.complete;
  }

  /** Answers. Settles when the answer has left or cannot any more; never rejects. */
  async run(): Promise<void> {
    const { message, answer, limits, transport } = this.#parts;
    const left = new Promise<void>((done) => {
      answer.once('finish', done);
      answer.once('close', done);
    });
    if (!this.received) {
      const { requestTimeoutMs } = limits;
      this.#bodyTimer = transport.reactor.clock.callLater(requestTimeoutMs, () => {
        if (!this.received) this.inputFailed(requestTimedOut(requestTimeoutMs));
      });
      message.once('end', () => this.#bodyTimer?.cancel());
    }
    await this.#send(await this.#respond());
    this.#body.discard();
    if (!answer.destroyed) await left;
    this.#watch.stop();
    this.#bodyTimer?.cancel();
  }

  /** The rest of the request cannot be had. */
  inputFailed(error: ProtocolError<HttpErrorCode>): void {
    if (!this.received) this.#body.fail(error);
  }

  /** The peer has ended its side. It may have left, or wait for the answer: only the answer can tell. */
  peerEnded(): void {
    this.#peerEnded = true;
    this.#abortSignal('the peer ended its side');
    if (this.#parts.answer.headersSent) this.#watchPeer();
  }

  /** The connection is gone. */
  lost(): void {
    this.#abortSignal('the peer is gone');
    this.#watch.stop();
    this.#bodyTimer?.cancel();
    // Also of a body that has arrived: what was not read goes with the connection.
    this.#body.fail(cutOff());
  }

  #goOn(): void {
    const { answer } = this.#parts;
    // After the head of the answer it would be read as a part of its body.
    if (!answer.headersSent) answer.writeContinue();
  }

  async #respond(): Promise<Response> {
    const { message, limits, expects } = this.#parts;
    const refusal = refusalOf(message, limits.maxBodyBytes);
    if (refusal !== undefined) return refuse(refusal);
    if (expects === 'unknown') return refuse(417);
    // RFC 9110 §9.3.7: a question to the server itself, which no URL can name.
    if (message.method === 'OPTIONS' && message.url === '*')
      return new Response(null, { status: 204 });
    const context = this.#context();
    const request = toRequest(message, { context, body: this.#body.stream });
    return request ? this.#handle(request, context) : refuse(400);
  }

  async #handle(request: Request, context: HttpContext): Promise<Response> {
    const { handler } = this.#parts;
    try {
      const response = await handler(request, context);
      if (response instanceof Response) return response;
      throw new TypeError('Cannot answer a request as the handler gave no Response');
    } catch (thrown) {
      const { failure } = this.#body;
      if (failure) return plain(statusOf(failure.code));
      if (!context.signal.aborted) this.#report(thrown);
      return plain(500);
    }
  }

  async #send(response: Response): Promise<void> {
    const { answer, transport } = this.#parts;
    const options = {
      clock: transport.reactor.clock,
      lastAnswer: () => {
        this.#watchPeer();
        return !this.#body.reusable || this.#parts.lastAnswer();
      },
    };
    try {
      await sendResponse(response, answer, options);
    } catch (thrown) {
      this.#report(thrown);
      if (answer.headersSent) {
        // The peer must not take half an answer for a whole one.
        transport.abort(
          new ConnectionError('HAWSER_CLOSED', 'Cannot finish the answer', { cause: thrown }),
        );
        return;
      }
      for (const name of answer.getHeaderNames()) answer.removeHeader(name);
      await sendResponse(plain(500), answer, options);
    }
  }

  #watchPeer(): void {
    if (this.#peerEnded) this.#watch.start(HALF_CLOSED_SEND_TIMEOUT_MS, { mayRest: false });
    else this.#watch.start(this.#parts.limits.sendTimeoutMs, { mayRest: true });
  }

  #context(): HttpContext {
    const { transport } = this.#parts;
    const { id, reactor, local, peer } = transport;
    return {
      id,
      reactor,
      local,
      peer,
      info: (key) => transport.info(key),
      secure: transport.info(TLS) !== undefined,
      signal: this.#controller.signal,
    };
  }

  #abortSignal(why: string): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort(
      new ConnectionError('HAWSER_CLOSED', `Cannot finish the answer as ${why}`),
    );
  }

  #report(thrown: unknown): void {
    this.#parts.transport.reactor.reports.problem('http.handler', thrown);
  }
}

function plain(status: number): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return new Response(reasonText(status), { status, headers });
}

/**
 * The answer to a request that no handler sees. It is the last one: what follows on the connection may be another
 * request for us and a part of this one for whoever is in between (RFC 9112 §6.1, §11.2).
 */
function refuse(status: number): Response {
  const response = plain(status);
  response.headers.set('connection', 'close');
  return response;
}

function statusOf(code: HttpErrorCode): number {
  switch (code) {
    case 'HAWSER_HTTP_BODY_TOO_LARGE':
      return 413;
    case 'HAWSER_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HAWSER_HTTP_MALFORMED':
      return 400;
  }
}

function requestTimedOut(ms: number): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_REQUEST_TIMEOUT',
    `Cannot read the request body as it took longer than ${ms} ms`,
  );
}

function cutOff(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>(
    'HAWSER_HTTP_MALFORMED',
    'Cannot read the request body as the peer has left',
  );
}
