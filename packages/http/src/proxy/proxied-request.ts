import { UsageError } from '@hawser/core';
import type { BodyStream } from '../client/body-pieces.ts';
import type { RequestOptions } from '../client/client-options.ts';
import type { ClientResponse } from '../client/client-response.ts';
import type { HttpClient } from '../client/http-client.ts';
import { HttpRequestError, HttpResponseError } from '../client/http-request-error.ts';
import { UpgradeRefusedError } from '../client/upgrade-refused-error.ts';
import type { HttpExchange } from '../contract/exchange.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { HttpContext } from '../contract/http-handler.ts';
import { HttpError } from '../http-error.ts';
import { HttpHeaders, toFieldLines } from '../web/http-headers.ts';
import { HttpRequest } from '../web/http-request.ts';
import { HttpResponse } from '../web/http-response.ts';
import { takeOver } from '../web/take-over.ts';
import { askedUpgrade } from './asked-upgrade.ts';
import { endToEndFields, fieldValue } from './end-to-end-fields.ts';
import { forwardedFields, withoutClaims } from './forwarded-fields.ts';
import { gatewayError } from './gateway-error.ts';
import { limitedBody } from './limited-body.ts';
import { PeerInterest } from './peer-interest.ts';
import { relayedAnswer } from './relayed-answer.ts';
import type { ReverseProxyOptions } from './reverse-proxy-options.ts';
import { tunnelTo } from './tunnel.ts';
import type { UpstreamState, Upstreams } from './upstreams.ts';

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** More proxies than this on the way are a loop. */
const MAX_VIA = 20;
const HALF_CLOSED_MS = 10_000;

/** One request on its way through. */
export class ProxiedRequest {
  readonly #request: Request;
  readonly #context: HttpContext;
  readonly #options: ReverseProxyOptions;
  readonly #fields: FieldLines;
  readonly #upgrade: string | undefined;
  readonly #exchange: HttpExchange | undefined;
  readonly #interest: PeerInterest;
  #bodyTaken = false;

  constructor(request: Request, context: HttpContext, options: ReverseProxyOptions) {
    this.#request = request;
    this.#context = context;
    this.#options = options;
    this.#fields = toFieldLines(request.headers);
    this.#upgrade = this.#isBare ? askedUpgrade(this.#fields) : undefined;
    const exchange = HttpRequest.exchangeOf(request);
    const { halfClosedMs = HALF_CLOSED_MS } = options;
    this.#exchange = exchange;
    this.#interest = new PeerInterest({ context, exchange, halfClosedMs });
  }

  /** What is not handed on. */
  refusal(): Response | undefined {
    const { method } = this.#request;
    if (method === 'CONNECT') return new HttpResponse(null, { status: 501 });
    const via = fieldValue(this.#fields, 'via');
    if (via !== undefined && via.split(',').length >= MAX_VIA) {
      return new HttpResponse(null, { status: 508 });
    }
    if (this.#length !== undefined && this.#length > this.#maxBytes) {
      return new HttpResponse(null, { status: 413, headers: { connection: 'close' } });
    }
    return undefined;
  }

  async sendToOneOf(client: HttpClient, upstreams: Upstreams): Promise<Response> {
    const { retries = 1 } = this.#options;
    const { clock } = this.#context.reactor;
    const tried = new Set<UpstreamState>();
    for (let left = Math.min(retries, upstreams.count - 1); ; left--) {
      const upstream = upstreams.pick(clock, tried);
      tried.add(upstream);
      upstream.busy += 1;
      try {
        const response = await this.#attempt(client, upstream);
        upstreams.succeeded(upstream);
        this.#countUntilDone(upstream);
        return response;
      } catch (error) {
        upstream.busy -= 1;
        if (this.#interest.signal.aborted) return gatewayError(error);
        if (error instanceof HttpError) throw error;
        if (isFault(error)) upstreams.failed(upstream, clock);
        if (left <= 0 || !this.#mayRetry(error)) return this.#failed(error);
      }
    }
  }

  async send(client: HttpClient, upstream: UpstreamState): Promise<Response> {
    try {
      return await this.#attempt(client, upstream);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      return this.#failed(error);
    }
  }

  async #attempt(client: HttpClient, upstream: UpstreamState): Promise<Response> {
    this.#interest.awaits();
    try {
      return await this.#ask(client, upstream);
    } finally {
      this.#interest.rests();
    }
  }

  async #ask(client: HttpClient, upstream: UpstreamState): Promise<Response> {
    const url = this.#urlAt(upstream);
    const options: RequestOptions = {
      headers: HttpHeaders.over(this.#forwarded()),
      signal: this.#interest.signal,
      implicitHeaders: false,
      decompress: false,
      cookies: false,
      // A connection that was closed while it waited is nobody's fault.
      retry: this.#hasBody ? false : { limit: 0 },
      redirect: 'manual',
      authority: this.#options.host === 'peer' ? this.#authority : undefined,
      endpoint: upstream.endpoint,
      timeouts: this.#options.timeouts,
    };
    const switched = await this.#switch(client, url, options);
    if (switched) return switched;
    const response = await client.request(url, {
      ...options,
      method: this.#request.method,
      body: this.#body(),
      bodyLength: this.#length,
      trailers: this.#trailers,
      // The peer waits, so that the server may refuse the body before anybody sends it (RFC 9110 §10.1.1).
      expectContinue: fieldValue(this.#fields, 'expect')?.toLowerCase() === '100-continue',
      onInterim: (status, fields) => {
        this.#interest.awaits();
        if (status !== 100) this.#context.inform(status, HttpHeaders.over(endToEndFields(fields)));
      },
    });
    return this.#relay(response);
  }

  /** `undefined` where nobody wants that, or nobody can. */
  async #switch(
    client: HttpClient,
    url: URL,
    options: RequestOptions,
  ): Promise<Response | undefined> {
    const upgrade = this.#upgrade;
    if (upgrade === undefined || this.#options.upgrades === false) return undefined;
    try {
      const server = await client.upgrade(url, upgrade, options);
      if (this.#interest.signal.aborted) server.abort();
      const headers = endToEndFields(toFieldLines(server.headers));
      const protocol = server.headers.get('upgrade') ?? upgrade;
      return takeOver(tunnelTo(server), { protocol, headers: HttpHeaders.over(headers) });
    } catch (error) {
      if (error instanceof UpgradeRefusedError) return this.#relay(error.response);
      // Of a client that speaks HTTP/2 alone: it is asked as if nobody had wanted anything else (RFC 9110 §7.8).
      if (error instanceof UsageError && error.code === 'HAWSER_NOT_AVAILABLE') return undefined;
      throw error;
    }
  }

  #relay(response: ClientResponse): Response {
    return relayedAnswer(response, this.#options.via ?? 'hawser');
  }

  #forwarded(): string[] {
    const { trustForwarded = false, forwarded = 'x-forwarded', via = 'hawser' } = this.#options;
    const context = this.#context;
    const trusts = typeof trustForwarded === 'function' ? trustForwarded(context) : trustForwarded;
    const own = endToEndFields(this.#fields, {
      without: ['host', 'content-length'],
      // What somebody has added on the way is not the peer's to take away.
      named: this.#fields === this.#exchange?.fields ? 'dropped' : 'kept',
    });
    const fields = withoutClaims(own, trusts);
    const { peer, secure } = context;
    const host = this.#authority;
    const claims = trusts ? this.#fields : [];
    fields.push(...forwardedFields(forwarded, { peer, secure, host }, claims));
    fields.push('via', `${context.version} ${via}`);
    if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(fieldValue(this.#fields, 'te') ?? '')) {
      fields.push('te', 'trailers');
    }
    return fields;
  }

  /** Whom the peer asks for. Of an absolute target it is the target that counts (RFC 9112 §3.2.2). */
  get #authority(): string | undefined {
    return this.#exchange ? this.#exchange.authority : fieldValue(this.#fields, 'host');
  }

  #urlAt({ url }: UpstreamState): URL {
    const asked = new URL(this.#request.url);
    const to = new URL(url);
    to.pathname = url.pathname.replace(/\/$/, '') + asked.pathname;
    to.search = asked.search;
    to.username = '';
    to.password = '';
    return to;
  }

  // --- the body ---

  get #length(): number | undefined {
    const length = fieldValue(this.#fields, 'content-length');
    return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
  }

  get #maxBytes(): number {
    return this.#options.maxBodyBytes ?? Number.POSITIVE_INFINITY;
  }

  get #hasBody(): boolean {
    const { method } = this.#request;
    // What comes with these means nothing (RFC 9110 §9.3.1).
    if (method === 'GET' || method === 'HEAD' || method === 'TRACE') return false;
    return this.#length !== 0 && this.#request.body !== null;
  }

  /** Only such a request is handed on with an upgrade: another one is answered as if it had not asked for it. */
  get #isBare(): boolean {
    const chunked = fieldValue(this.#fields, 'transfer-encoding') !== undefined;
    return this.#request.method === 'GET' && (this.#length ?? 0) === 0 && !chunked;
  }

  /** Opened when it is sent: until then another server may have it. */
  #body(): (() => BodyStream) | null {
    if (!this.#hasBody) return null;
    return () => {
      this.#bodyTaken = true;
      return limitedBody(this.#request.body as ReadableStream<Uint8Array>, this.#maxBytes);
    };
  }

  /** What comes after the body. Nobody learns from it who asked: heads say that. */
  get #trailers(): (() => HttpHeaders) | undefined {
    const exchange = this.#exchange;
    if (!exchange || !this.#hasBody) return undefined;
    return () => HttpHeaders.over(withoutClaims(endToEndFields(exchange.body.trailers), false));
  }

  // --- failures ---

  #mayRetry(error: unknown): boolean {
    if (this.#bodyTaken || !(error instanceof HttpRequestError)) return false;
    if (error.sent === 'nothing') return true;
    return IDEMPOTENT.has(this.#request.method) && error.phase !== 'body';
  }

  #failed(error: unknown): Response {
    // The body that the peer sent for too long is its own fault.
    const { cause } = error as { cause?: unknown };
    if (cause instanceof HttpError) throw cause;
    return gatewayError(error);
  }

  #countUntilDone(upstream: UpstreamState): void {
    void this.#context.done.then(() => {
      upstream.busy -= 1;
    });
  }
}

/** Whether the server is to blame: not for a request that was given up, or that did not find a place. */
function isFault(error: unknown): boolean {
  if (error instanceof HttpResponseError) return true;
  if (!(error instanceof HttpRequestError)) return false;
  return error.phase !== 'queue' && error.code !== 'HAWSER_HTTP_UPLOAD';
}
