import { type Factory, type Incoming, type Protocol, type Reports, UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../src/errors.ts';
import { toHttp2Limits } from '../src/http2/http2-limits.ts';
import { withHttp2 } from '../src/http2/with-http2.ts';
import { StubConnection, type StubConnectionParts } from './stub-connection.ts';
import { answerExchange } from './stub-exchange.ts';
import type { StubReplies } from './stub-reply.ts';
import { StubRequest } from './stub-request.ts';

/** Which requests are meant: by path and query, by pattern, or by anything else. */
export type StubMatch = string | RegExp | ((request: StubRequest) => boolean);

/** Requests that a test expects. */
export interface StubExpectation {
  /** What the next such request gets, and the one after it. Without a reply each gets 200 and no body. */
  reply(...replies: readonly StubReplies[]): this;
  /** For all that come from now on; the last reply is given again and again. */
  always(reply: StubReplies): this;
}

/**
 * A scripted server, to be listened with or connected to in memory: `new StubServer().expect('GET', '/').reply({ body:
 * 'hi' })`. Expectations are looked through in the order in which they were made. A request that nobody expects is
 * answered 501, reported as a problem, and makes {@link verify} throw. It speaks HTTP/1.1, and HTTP/2 with whoever does.
 */
export class StubServer implements Factory {
  readonly name = 'stub';
  readonly acceptableProtocols: readonly string[] = ['h2', 'http/1.1'];
  /** Every request so far, unexpected ones included. */
  readonly requests: StubRequest[] = [];
  /** Connections so far. */
  connections = 0;
  /** Connections that are open. */
  open = 0;
  readonly #expected: Expectation[] = [];
  readonly #unexpected: StubRequest[] = [];
  readonly #malformed: string[] = [];
  /** Those that are answered when all of them has come. */
  readonly #awaited: StubRequest[] = [];

  /** Expects requests by their method, or `*` for any, and their target. */
  expect(method: string, match: StubMatch = () => true): StubExpectation {
    const expectation = new Expectation(method, match);
    this.#expected.push(expectation);
    return expectation;
  }

  /** @throws Error when a request came that nobody expected, or one that was expected did not come, or not all of it */
  verify(): void {
    const wrong = [
      ...this.#unexpected.map((request) => `nobody expected ${String(request)}`),
      ...this.#malformed.map((code) => `a request was malformed: ${code}`),
      ...this.#awaited
        .filter(({ complete }) => !complete)
        .map((request) => `${String(request)} did not come as a whole`),
      ...this.#expected.filter(({ open }) => open).map((each) => `${String(each)} did not come`),
    ];
    if (wrong.length > 0)
      throw new Error(`The conversation was another one:\n  ${wrong.join('\n  ')}`);
  }

  buildProtocol(incoming: Incoming): Protocol {
    this.connections += 1;
    this.open += 1;
    incoming.onClose(() => {
      this.open -= 1;
    });
    const { clock, reports } = incoming.reactor;
    const parts: StubConnectionParts = {
      number: this.connections,
      clock,
      begins: (head, where) => {
        const request = new StubRequest(head, where);
        this.requests.push(request);
        const reply = this.#replyTo(request, reports);
        if (typeof reply !== 'object' || !reply.early) this.#awaited.push(request);
        return { request, reply };
      },
      malformed: (code) => this.#malformed.push(code),
    };
    const http1: Factory = { name: 'stub', buildProtocol: () => new StubConnection(parts) };
    const both = withHttp2(http1, {
      limits,
      responder: (exchange) => answerExchange(exchange, parts),
    });
    // Neither of the two refuses anybody.
    return both.buildProtocol(incoming) as Protocol;
  }

  #replyTo(request: StubRequest, reports: Reports): StubReplies {
    const found = this.#expected.find((each) => each.takes(request));
    if (found) return found.next();
    this.#unexpected.push(request);
    const text = `Nobody expected the request ${String(request)}`;
    const code = 'HAWSER_HTTP_UNEXPECTED_REQUEST';
    reports.problem('stub', new UsageError<HttpErrorCode>(code, text));
    return { status: 501, body: text, end: 'close' };
  }
}

/** It waits for ever, as over HTTP/1: only the client has timeouts. */
const limits = toHttp2Limits(
  {},
  {
    headTimeoutMs: Number.POSITIVE_INFINITY,
    keepAliveTimeoutMs: Number.POSITIVE_INFINITY,
    requestTimeoutMs: Number.POSITIVE_INFINITY,
    sendTimeoutMs: Number.POSITIVE_INFINITY,
    minBodyRate: Number.MIN_VALUE,
  },
);

class Expectation implements StubExpectation {
  readonly #method: string;
  readonly #match: StubMatch;
  readonly #replies: StubReplies[] = [];
  #always: StubReplies | undefined;
  #given = 0;

  constructor(method: string, match: StubMatch) {
    this.#method = method;
    this.#match = match;
  }

  reply(...replies: readonly StubReplies[]): this {
    this.#replies.push(...replies);
    return this;
  }

  always(reply: StubReplies): this {
    this.#always = reply;
    return this;
  }

  /** Something has not come yet. */
  get open(): boolean {
    return this.#given < Math.max(1, this.#replies.length);
  }

  takes(request: StubRequest): boolean {
    if (!this.#always && !this.open) return false;
    if (this.#method !== '*' && this.#method !== request.method) return false;
    if (typeof this.#match === 'string') return request.target === this.#match;
    if (this.#match instanceof RegExp) return request.target.search(this.#match) >= 0;
    return this.#match(request);
  }

  next(): StubReplies {
    this.#given += 1;
    return this.#replies[this.#given - 1] ?? this.#always ?? {};
  }

  toString(): string {
    return `${this.#method} ${typeof this.#match === 'function' ? '(a function)' : String(this.#match)}`;
  }
}
