/** One request of a caller: as many attempts, waits and redirects as it takes, until there is a response. */
import { Deferred, delay, fail, type Reactor } from '@hawser/core';
import type { IncomingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { HttpHeaders } from '../web/http-headers.ts';
import { ClientResponse } from './client-response.ts';
import type { ClientSession, SessionExchange, SessionRequest } from './client-session.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { CookieJar } from './cookie-jar.ts';
import { contentCodings, decodedBody } from './decode-body.ts';
import { type Destination, destinationOf, type EndpointChoice, originOf } from './destination.ts';
import { meteredBody } from './metered-body.ts';
import type { PreparedRequest } from './prepared-request.ts';
import { type Progress, ProgressMeter } from './progress.ts';
import { isRedirect, redirected, refusal, tellsWhoAsks } from './redirect.ts';
import { RequestLife } from './request-life.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Retry, RetryFacts, RetryPolicy } from './retry-policy.ts';
import { UpgradedConnection } from './switched-connection.ts';
import { upload } from './upload.ts';

/** How a request is to be made, with every option decided. */
export interface RunOptions {
  readonly timeouts: {
    readonly connectMs: number;
    readonly headMs: number;
    readonly bodyIdleMs: number;
    readonly totalMs: number;
  };
  readonly maxBodyBytes: number;
  readonly decompress: boolean;
  readonly maxDecompressionRatio: number;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly maxRedirects: number;
  readonly retry: RetryPolicy;
  readonly cookies: CookieJar | undefined;
  /** Of the request, for its own origin. */
  readonly endpoint: EndpointChoice | undefined;
  /** Of the client, for every origin. */
  readonly clientEndpoint: EndpointChoice | undefined;
  readonly signal: AbortSignal | undefined;
  readonly continueTimeoutMs: number | undefined;
  /** What to speak instead of HTTP. */
  readonly upgrade: string | undefined;
  /** `host:port` to have a tunnel to. */
  readonly tunnel: string | undefined;
  readonly onInterim: ((status: number, fields: FieldLines) => void) | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** What a request comes to. */
export type RunResult = ClientResponse | UpgradedConnection;

type Reply =
  | {
      readonly kind: 'response';
      readonly head: ResponseHeadRead;
      readonly body: IncomingBody;
      readonly exchange: SessionExchange;
      /** Settles when the connection has no more to do with it. */
      readonly closed: Deferred<void>;
    }
  | { readonly kind: 'switched'; readonly connection: UpgradedConnection };

/** Bodies up to this size leave in one write with their head. */
const JOINED_BYTES = 65_536;
const NO_BODY = new Uint8Array(0);

/** A request under way. */
export class RequestRun {
  readonly #reactor: Reactor;
  readonly #pool: ConnectionPool;
  readonly #options: RunOptions;
  readonly #life: RequestLife;
  readonly #visited = new Set<string>();
  /** The fields of the last attempt, with cookies. */
  #sent: FieldLines = [];
  #request: PreparedRequest;
  #endpoint: EndpointChoice | undefined;
  #redirects = 0;
  #retries = 0;
  #stale = 0;
  #timings: {
    startedAt: number;
    connectedAt: number;
    headAt: number;
    endedAt: number | undefined;
    attempts: number;
    reused: boolean;
  };

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
    this.#endpoint = options.endpoint ?? options.clientEndpoint;
    this.#timings = {
      startedAt: now,
      connectedAt: now,
      headAt: now,
      endedAt: undefined,
      attempts: 0,
      reused: false,
    };
    const { timeouts, signal } = options;
    this.#life = new RequestLife(reactor.clock, { totalMs: timeouts.totalMs, signal });
  }

  /** Begins. Cancelling what it gives ends everything. */
  start(): Deferred<RunResult> {
    const answer = new Deferred<RunResult>({
      reports: this.#reactor.reports,
      where: 'http.request',
    });
    if (this.#life.failure) {
      this.#life.over();
      answer.reject(this.#life.failure);
      return answer;
    }
    answer.resolve(
      this.#round().addErrback((error) => {
        this.#life.over();
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
      const { connectMs } = this.#options.timeouts;
      destination = destinationOf(originOf(this.#request.url), this.#endpoint, connectMs);
    } catch (error) {
      return fail(error);
    }
    // After a stale connection the others are suspect as well.
    return this.#pool.acquire(destination, { fresh: this.#stale > 1 }).addCallback((session) => {
      try {
        return this.#send(session);
      } catch (error) {
        // A request that cannot be written: nobody has this session any more.
        session.close();
        throw error;
      }
    });
  }

  #send(session: ClientSession): Deferred<Reply> {
    let exchange: SessionExchange | undefined;
    let stopUpload: (() => void) | undefined;
    const closed = new Deferred<void>();
    const reply = new Deferred<Reply>({
      canceller: (reason) => exchange?.abort(reason),
      where: 'http.request',
    });
    this.#timings.attempts += 1;
    this.#timings.connectedAt = this.#reactor.clock.now();
    this.#timings.reused = session.reused;
    const { body } = this.#request;
    const meter = body ? this.#meter('up', body.length) : undefined;
    exchange = session.start(this.#sessionRequest(), {
      interim: (head) => this.#interim(head),
      upload: (out) => {
        if (!body) return;
        stopUpload = upload(body, out, {
          progress: (bytes) => meter?.add(bytes),
          done: () => meter?.done(),
          failed: (error) => {
            if (exchange) exchange.abort(error);
            else out.abort(error);
          },
        });
      },
      uploadStopped: () => stopUpload?.(),
      head: (head, incoming) => {
        this.#timings.headAt = this.#reactor.clock.now();
        const started = exchange as SessionExchange;
        reply.resolve({ kind: 'response', head, body: incoming, exchange: started, closed });
      },
      switched: (head, connection) => {
        reply.resolve({ kind: 'switched', connection: new UpgradedConnection(head, connection) });
      },
      failed: (error) => reply.reject(error),
      closed: () => {
        this.#timings.endedAt = this.#reactor.clock.now();
        closed.resolve();
      },
    });
    if (body?.bytes && !stopUpload && this.#joins) {
      meter?.add(body.bytes.length);
      meter?.done();
    }
    return reply;
  }

  #sessionRequest(): SessionRequest {
    const { method, url, body } = this.#request;
    const { timeouts, continueTimeoutMs, upgrade, tunnel } = this.#options;
    const expects = body !== undefined && continueTimeoutMs !== undefined;
    this.#sent = this.#fields();
    const asksForBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
    return {
      method,
      upgrade,
      timeouts,
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      authority: tunnel ?? url.host,
      target: tunnel ?? `${url.pathname}${url.search}`,
      fields: this.#sent,
      body: this.#joins ? body?.bytes : (body ?? (asksForBody ? NO_BODY : undefined)),
      continueTimeoutMs: expects ? continueTimeoutMs : undefined,
    };
  }

  /** The body leaves with the head. */
  get #joins(): boolean {
    const bytes = this.#request.body?.bytes;
    const { continueTimeoutMs } = this.#options;
    return bytes !== undefined && bytes.length <= JOINED_BYTES && continueTimeoutMs === undefined;
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

  #interim(head: ResponseHeadRead): void {
    const { onInterim } = this.#options;
    if (onInterim) this.#tell(() => onInterim(head.status, head.fields));
  }

  #meter(direction: Progress['direction'], total: number | undefined): ProgressMeter | undefined {
    const { onProgress } = this.#options;
    if (!onProgress) return undefined;
    const tell = (progress: Progress): void => this.#tell(() => onProgress(progress));
    return new ProgressMeter(this.#reactor.clock, tell, { direction, total });
  }

  /** Calls what the caller gave, whose mistakes are not ours. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#reactor.reports.problem('http.request', error);
    }
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
    const meter = none ? undefined : this.#meter('down', body.length);
    if (meter) content = meteredBody(content, meter);
    try {
      const codings = decompress ? contentCodings(headers.get('content-encoding')) : undefined;
      const limits = { maxRatio: maxDecompressionRatio };
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
    return delay(retry.delayMs, this.#reactor.clock).addCallback(() => this.#round());
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
    const { method, url, fields, body } = this.#request;
    const sent = this.#sent;
    this.#visited.add(visit(method, url, sent));
    const next = redirected(
      {
        method,
        url,
        fields,
        hasBody: body !== undefined,
        replayable: body === undefined || body.replayable || !body.taken,
        hasCredentials: tellsWhoAsks(sent),
      },
      status,
      location,
    );
    if (!next.sameOrigin) this.#endpoint = this.#options.clientEndpoint;
    this.#request = {
      method: next.method,
      url: next.url,
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
