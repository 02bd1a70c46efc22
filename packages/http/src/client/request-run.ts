/** One request of a caller: as many attempts, waits and redirects as it takes, until there is a response. */
import { Deferred, fail, type Reactor } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { CallerEars } from './caller-ears.ts';
import { ClientResponse } from './client-response.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { contentCodings, decodedBody } from './decode-body.ts';
import { type Destination, destinationOf, type EndpointChoice, originOf } from './destination.ts';
import { meteredBody } from './metered-body.ts';
import type { PreparedRequest } from './prepared-request.ts';
import { isRedirect, redirected, refusal, tellsWhoAsks } from './redirect.ts';
import { type AttemptParts, attempt, type Reply, type Timings } from './request-attempt.ts';
import { RequestLife } from './request-life.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Retry, RetryFacts } from './retry-policy.ts';
import type { RunOptions } from './run-options.ts';
import type { UpgradedConnection } from './switched-connection.ts';

/** What a request comes to. */
export type RunResult = ClientResponse | UpgradedConnection;

/** A request under way. */
export class RequestRun {
  readonly #reactor: Reactor;
  readonly #pool: ConnectionPool;
  readonly #options: RunOptions;
  readonly #life: RequestLife;
  readonly #ears: CallerEars;
  readonly #visited = new Set<string>();
  /** The fields of the last attempt, with cookies. */
  #sent: FieldLines = [];
  #request: PreparedRequest;
  #endpoint: EndpointChoice | undefined;
  #redirects = 0;
  #retries = 0;
  #stale = 0;
  readonly #timings: Timings;

  constructor(
    reactor: Reactor,
    pool: ConnectionPool,
    request: PreparedRequest,
    options: RunOptions,
  ) {
    const now = reactor.clock.now();
    this.#reactor = reactor;
    this.#pool = pool;
    this.#request = request;
    this.#options = options;
    this.#ears = new CallerEars(reactor, options);
    this.#endpoint = options.endpoint ?? options.clientEndpoint;
    this.#timings = {
      startedAt: now,
      connectedAt: now,
      headAt: now,
      endedAt: undefined,
      attempts: 0,
      reused: false,
    };
    const { timeouts, signal, abortsAs } = options;
    const { totalMs } = timeouts;
    this.#life = new RequestLife(reactor.clock, { totalMs, signal, abortsAs });
  }

  /** Begins. Cancelling what it gives ends everything. */
  start(): Deferred<RunResult> {
    const answer = new Deferred<RunResult>({
      reports: this.#reactor.reports,
      where: 'http.request',
    });
    if (this.#life.failure) {
      this.#life.over();
      this.#request.body?.release?.();
      answer.reject(this.#life.failure);
      return answer;
    }
    answer.resolve(
      this.#round().addErrback((error) => {
        this.#life.over();
        this.#request.body?.release?.();
        throw this.#life.failure ?? error;
      }),
    );
    this.#life.waitsFor(answer);
    return answer;
  }

  #round(): Deferred<RunResult> {
    return this.#attempt().addBoth((outcome) => {
      if (outcome.state === 'fulfilled') return this.#replied(outcome.value);
      const retry = this.#options.retry.afterError(
        outcome.error,
        this.#facts(),
        this.#reactor.random,
      );
      if (!retry) throw outcome.error;
      return this.#again(retry);
    });
  }

  // --- one attempt ---

  #attempt(): Deferred<Reply> {
    let destination: Destination;
    try {
      const { upgrade, tunnel } = this.#options;
      const alone = upgrade !== undefined || tunnel !== undefined;
      destination = {
        ...destinationOf(originOf(this.#request.url), this.#endpoint),
        alone,
      };
    } catch (error) {
      return fail(error);
    }
    // After a stale connection the others are suspect as well.
    return this.#pool.acquire(destination, { fresh: this.#stale > 1 }).addCallback((session) => {
      try {
        return attempt(session, this.#attemptParts());
      } catch (error) {
        // A request that cannot be written: nobody has this session any more.
        session.close();
        throw error;
      }
    });
  }

  #attemptParts(): AttemptParts {
    this.#sent = this.#fields();
    return {
      clock: this.#reactor.clock,
      request: this.#request,
      fields: this.#sent,
      options: this.#options,
      ears: this.#ears,
      timings: this.#timings,
    };
  }

  #fields(): FieldLines {
    const { fields, url } = this.#request;
    const kept = this.#options.cookies?.cookiesFor(url);
    if (kept === undefined) return fields;
    const headers = new HttpHeaders(HttpHeaders.over(fields));
    const own = headers.get('cookie');
    headers.set('cookie', own === null ? kept : `${own}; ${kept}`);
    return HttpHeaders.linesOf(headers) ?? fields;
  }

  // --- what comes of it ---

  #replied(reply: Reply): RunResult | Deferred<RunResult> {
    if (reply.kind === 'switched') {
      this.#life.over();
      return reply.connection;
    }
    const { head, body, exchange } = reply;
    const headers = HttpHeaders.over(head.fields);
    const { url } = this.#request;
    this.#options.cookies?.take(url, headers.getSetCookie());
    const location = headers.get('location');
    try {
      if (isRedirect(head.status) && location !== null && this.#options.redirect !== 'manual') {
        this.#follow(head.status, location);
        return this.#discarded(reply).addCallback(() => this.#round());
      }
    } catch (error) {
      body.discard();
      throw error;
    }
    const { clock, random } = this.#reactor;
    const wait = { retryAfterMs: retryAfterMs(headers.get('retry-after'), clock), random };
    const retry = this.#options.retry.afterStatus(head.status, this.#facts(), wait);
    if (retry) return this.#discarded(reply).addCallback(() => this.#again(retry));
    this.#life.reads(exchange);
    // An answer to a request whose body nobody asked for.
    this.#request.body?.release?.();
    void reply.closed.addBoth(() => this.#life.over());
    return this.#response(head, body, headers);
  }

  #response(head: ResponseHeadRead, body: IncomingBody, headers: HttpHeaders): ClientResponse {
    const { status, statusText, version, fields } = head;
    const { method, url } = this.#request;
    const { maxBodyBytes, decompress, maxDecompressionRatio } = this.#options;
    const none = method === 'HEAD' || status === 204 || status === 205 || status === 304;
    // Whatever comes all the same is nothing to wait for.
    if (none && body.length !== 0) body.discard();
    let content: IncomingBody = body;
    let decoded = false;
    const meter = none ? undefined : this.#ears.meter('down', body.length);
    if (meter) content = meteredBody(content, meter);
    try {
      const codings = decompress ? contentCodings(headers.get('content-encoding')) : undefined;
      const limits = { maxRatio: maxDecompressionRatio };
      decoded = codings !== undefined && !none;
      if (codings && !none) content = decodedBody(content, codings, limits);
    } catch (error) {
      body.discard();
      throw error;
    }
    return new ClientResponse({
      status,
      statusText,
      version,
      fields,
      maxBodyBytes,
      timings: this.#timings,
      get rawFields() {
        return head.rawFields;
      },
      url: url.href,
      redirected: this.#redirects > 0,
      body: none ? null : content,
      decoded,
    });
  }

  /** Nobody wants this body. Goes on when its connection can be used again. */
  #discarded(reply: Reply & { readonly kind: 'response' }): Deferred<void> {
    reply.body.discard();
    return reply.closed.addCallback(() => {
      const later = new Deferred<void>();
      this.#reactor.clock.callSoon(() => later.resolve());
      return later;
    });
  }

  #again(retry: Retry): Deferred<RunResult> {
    if (retry.stale) this.#stale += 1;
    else this.#retries += 1;
    if (retry.delayMs === 0) return this.#round();
    return this.#pool.rest(retry.delayMs).addCallback(() => this.#round());
  }

  #facts(): RetryFacts {
    const { method, body } = this.#request;
    const replayable = body === undefined || body.replayable || !body.taken;
    return { method, replayable, retries: this.#retries, stale: this.#stale };
  }

  #follow(status: number, location: string): void {
    const { redirect, maxRedirects } = this.#options;
    if (redirect === 'error') throw refusal('none was wanted');
    if (this.#redirects >= maxRedirects) throw refusal(`there were ${maxRedirects} already`);
    this.#redirects += 1;
    const { method, url, authority, fields, body } = this.#request;
    const sent = this.#sent;
    this.#visited.add(visit(method, url, sent));
    const next = redirected(
      {
        method,
        url,
        fields,
        hasBody: body !== undefined,
        replayable: body === undefined || body.replayable || !body.taken,
        hasCredentials: tellsWhoAsks(sent, this.#options.sensitiveFields),
        sensitiveFields: this.#options.sensitiveFields,
      },
      status,
      location,
    );
    if (!next.keepsBody) body?.release?.();
    if (!next.sameOrigin) this.#endpoint = this.#options.clientEndpoint;
    this.#request = {
      method: next.method,
      url: next.url,
      authority: next.sameOrigin ? authority : undefined,
      fields: next.fields,
      body: next.keepsBody ? body : undefined,
    };
    // The same request with other cookies may well be answered otherwise.
    if (this.#visited.has(visit(next.method, next.url, this.#fields()))) {
      throw refusal('it leads in a circle');
    }
  }
}

function visit(method: string, url: URL, fields: FieldLines): string {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === 'cookie');
  return `${method} ${url.href.replace(/#.*/, '')} ${at < 0 ? '' : fields[at + 1]}`;
}
