import {
  Deferred as CoreDeferred,
  type Deferred,
  fail,
  type Reactor,
  type Service,
  UsageError,
} from '@hawser/core';
import type { HttpClientOptions, RequestOptions } from './client-options.ts';
import { ClientResponse } from './client-response.ts';
import { type ClientProtocol, ConnectionPool, type PoolStatus } from './connection-pool.ts';
import { type FetchInit, type FetchInput, fetchOptions, fetchTarget } from './fetch-request.ts';
import { sessionMaker } from './make-session.ts';
import { prepareRequest } from './prepared-request.ts';
import { sensitiveFields } from './redirect.ts';
import { RequestRun } from './request-run.ts';
import { RetryPolicy } from './retry-policy.ts';
import type { RunOptions } from './run-options.ts';
import type { UpgradedConnection } from './switched-connection.ts';
import { UpgradeRefusedError } from './upgrade-refused-error.ts';

/** What a request is for: a URL, which may stand on `baseUrl`, or a standard Request. */
export type RequestTarget = string | URL | Request;

/** Options for {@link HttpClient.upgrade} and {@link HttpClient.connectTunnel}. */
export type SwitchOptions = Pick<
  RequestOptions,
  | 'headers'
  | 'implicitHeaders'
  | 'query'
  | 'auth'
  | 'authority'
  | 'endpoint'
  | 'signal'
  | 'timeouts'
  | 'cookies'
  | 'onInterim'
>;

/**
 * Makes requests and keeps connections. Every method gives a `Deferred`: await it, cancel it, give it a `timeout`.
 * A response of any status is a success; what fails is a `HttpRequestError` (the network, the clock), a
 * `HttpResponseError` (what the server sent is not to be used), or a `CancelledError`.
 */
export interface HttpClient extends AsyncDisposable, Service {
  get(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  head(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  post(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  put(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  patch(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  delete(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  options(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  /** Any method: that of `options`, of the Request, or GET. */
  request(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse>;
  /**
   * With the signature of the standard function, for libraries that want one. A signal that is aborted rejects with its
   * reason, and so does whoever reads the body then. It needs no `this`.
   */
  readonly fetch: (input: FetchInput, init?: FetchInit) => Promise<Response>;
  /**
   * Asks the server to speak `protocol` on the connection (RFC 9110 §7.8), such as `websocket`. Over HTTP/1.1, always.
   * @throws UpgradeRefusedError `HAWSER_HTTP_UPGRADE_REFUSED` with the response, when it does not; UsageError
   * `HAWSER_NOT_AVAILABLE` for a client that speaks HTTP/2 alone
   */
  upgrade(
    url: string | URL,
    protocol: string,
    options?: SwitchOptions,
  ): Deferred<UpgradedConnection>;
  /** Asks the proxy at `proxy` for a tunnel to `host:port` (CONNECT). Errors as {@link upgrade}. */
  connectTunnel(
    proxy: string | URL,
    target: string,
    options?: SwitchOptions,
  ): Deferred<UpgradedConnection>;
  readonly status: PoolStatus;
  /**
   * Takes no more requests, and lets those under way finish, their bodies included. What is open after `deadlineMs` is
   * aborted. @defaultValue 10_000
   */
  close(options?: { readonly deadlineMs?: number | undefined }): Deferred<void>;
  /** Ends everything now. Requests under way fail with `HAWSER_HTTP_CLIENT_CLOSED`. */
  abort(): void;
}

/**
 * Makes a client. Nothing happens before the first request.
 *
 * Without a reactor it gets that of the process as a service, beside those that listen: it can be asked once it was
 * started, by handlers that finish their work during a drain as well, and ends in the stop phase, where what is still under
 * way has a second. One that is made with a reactor works at once, and is closed by its owner or as a service.
 *
 * @throws RangeError when a limit makes no sense
 * @example
 * const weather = httpClient({ baseUrl: 'https://weather.example.net/' });
 * const app = router().get('/', ({ signal }) => weather.get('today', { signal }));
 * await run(weather, serve('tcp://:8080', http(app)));
 */
export function httpClient(options?: HttpClientOptions): HttpClient;
export function httpClient(reactor: Reactor, options?: HttpClientOptions): HttpClient;
export function httpClient(
  first: Reactor | HttpClientOptions = {},
  options: HttpClientOptions = {},
): HttpClient {
  return 'clock' in first ? new PoolingClient(options, first) : new PoolingClient(first);
}

/** How long requests have that are under way when a client is stopped as a service, in milliseconds. */
const STOP_MS = 1_000;

/** What a request is made for, beside its response. */
type Purpose = Partial<Pick<RunOptions, 'upgrade' | 'tunnel' | 'abortsAs'>>;

/** What a client works with once it has a reactor. */
interface ClientParts {
  readonly reactor: Reactor;
  readonly pool: ConnectionPool;
}

const NOTHING_OPEN: PoolStatus = { origins: 0, connections: 0, idle: 0, waiting: 0 };

class PoolingClient implements HttpClient {
  readonly name: string = 'http client';
  readonly #options: HttpClientOptions;
  readonly #retry: RetryPolicy;
  #parts: ClientParts | undefined;
  #closing: Deferred<void> | undefined;
  readonly fetch: HttpClient['fetch'];

  constructor(options: HttpClientOptions, reactor?: Reactor) {
    this.#options = options;
    this.#retry = new RetryPolicy(options.retry);
    if (reactor) this.#parts = this.#begin(reactor);
    this.fetch = async (input, init) => {
      const given = fetchOptions(input, init);
      try {
        return await this.#ask(fetchTarget(input), given, { abortsAs: 'reason' });
      } catch (error) {
        const { signal } = given;
        throw signal?.aborted ? signal.reason : error;
      }
    };
  }

  get(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'GET' });
  }
  head(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'HEAD' });
  }
  post(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'POST' });
  }
  put(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'PUT' });
  }
  patch(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'PATCH' });
  }
  delete(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'DELETE' });
  }
  options(target: RequestTarget, options?: RequestOptions): Deferred<ClientResponse> {
    return this.request(target, { ...options, method: 'OPTIONS' });
  }

  request(target: RequestTarget, options: RequestOptions = {}): Deferred<ClientResponse> {
    if (target instanceof Request) {
      return this.request(target.url, fetchOptions(target, options));
    }
    return this.#ask(target, options);
  }

  #ask(
    target: string | URL,
    options: RequestOptions,
    purpose: Purpose = {},
  ): Deferred<ClientResponse> {
    return this.#run(target, options, purpose).addCallback((result) => {
      if (result instanceof ClientResponse) return result;
      // Nobody asked for it: the session lets no such response through.
      result.abort();
      throw new TypeError('Cannot give a connection as a response');
    });
  }

  upgrade(
    url: string | URL,
    protocol: string,
    options: SwitchOptions = {},
  ): Deferred<UpgradedConnection> {
    return this.#switch(url, { ...options, method: 'GET' }, { upgrade: protocol });
  }

  connectTunnel(
    proxy: string | URL,
    target: string,
    options: SwitchOptions = {},
  ): Deferred<UpgradedConnection> {
    return this.#switch(proxy, { ...options, method: 'CONNECT' }, { tunnel: target });
  }

  get status(): PoolStatus {
    return this.#parts?.pool.status() ?? NOTHING_OPEN;
  }

  /** Begins anew after it was closed. @throws UsageError `HAWSER_SERVICE_STATE` while it is being closed */
  async start(reactor: Reactor): Promise<void> {
    if (this.#closing?.peek().state === 'pending') {
      throw new UsageError('HAWSER_SERVICE_STATE', 'Cannot start an HTTP client: it is stopping');
    }
    if (this.#parts && !this.#closing) return;
    this.#closing = undefined;
    this.#parts = this.#begin(reactor);
  }

  stop(): Deferred<void> {
    const closed = this.close({ deadlineMs: STOP_MS });
    // A close that has begun before may have more time.
    if (this.#parts && closed.peek().state === 'pending') {
      const { reactor, pool } = this.#parts;
      const timer = reactor.clock.callLater(STOP_MS, () => pool.abort());
      pool.whenEmpty(() => timer.cancel());
    }
    return closed;
  }

  close(options: { readonly deadlineMs?: number | undefined } = {}): Deferred<void> {
    const { deadlineMs = 10_000 } = options;
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  abort(): void {
    // Which is the end of this life, as by close.
    void this.close();
    this.#parts?.pool.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(reactor: Reactor): ClientParts {
    const { pool: limitsOfPool = {}, timeouts, tls = {} } = this.#options;
    const pool: ConnectionPool = new ConnectionPool(reactor, {
      options: limitsOfPool,
      connectMs: timeouts?.connectMs ?? 10_000,
      tls,
      protocols: this.#protocols,
      makeSession: sessionMaker(this.#options, () => ({
        idleMs: pool.idleMs,
        lifetimeMs: pool.lifetimeMs,
      })),
    });
    return { reactor, pool };
  }

  #close(deadlineMs: number): Deferred<void> {
    const done = new CoreDeferred<void>({ where: 'http client.close' });
    if (!this.#parts) {
      done.resolve();
      return done;
    }
    const { reactor, pool } = this.#parts;
    const timer = reactor.clock.callLater(deadlineMs, () => pool.abort());
    pool.close();
    pool.whenEmpty(() => {
      timer.cancel();
      done.resolve();
    });
    return done;
  }

  get #protocols(): readonly ClientProtocol[] {
    return this.#options.protocols ?? ['http/1.1'];
  }

  #switch(url: string | URL, options: RequestOptions, to: Purpose): Deferred<UpgradedConnection> {
    if (!this.#protocols.includes('http/1.1')) {
      const text = 'Cannot have a connection for something else as the client speaks HTTP/2 alone';
      return fail(new UsageError('HAWSER_NOT_AVAILABLE', text));
    }
    const given: RequestOptions = {
      decompress: false,
      ...options,
      redirect: 'manual',
      retry: false,
    };
    return this.#run(url, given, to).addCallback((result) => {
      if (!(result instanceof ClientResponse)) return result;
      throw new UpgradeRefusedError(result);
    });
  }

  #run(
    target: string | URL,
    options: RequestOptions,
    to: Purpose,
  ): ReturnType<RequestRun['start']> {
    if (!this.#parts) return fail(notStarted());
    const { reactor, pool } = this.#parts;
    try {
      const defaults = { ...this.#options, random: reactor.random };
      const request = prepareRequest(target, options, defaults);
      return new RequestRun(reactor, pool, request, this.#runOptions(options, to)).start();
    } catch (error) {
      return fail(error, { reports: reactor.reports, where: 'http.request' });
    }
  }

  #runOptions(own: RequestOptions, to: Purpose): RunOptions {
    const all = this.#options;
    const expect = own.expectContinue ?? false;
    const cookies = own.cookies ?? all.cookies;
    return {
      timeouts: {
        connectMs: all.timeouts?.connectMs ?? 10_000,
        headMs: own.timeouts?.headMs ?? all.timeouts?.headMs ?? 30_000,
        bodyIdleMs: own.timeouts?.bodyIdleMs ?? all.timeouts?.bodyIdleMs ?? 30_000,
        totalMs: own.timeouts?.totalMs ?? all.timeouts?.totalMs ?? 0,
      },
      maxBodyBytes: own.maxBodyBytes ?? all.maxBodyBytes ?? 10_485_760,
      decompress: own.decompress ?? all.decompress ?? true,
      maxDecompressionRatio: own.maxDecompressionRatio ?? all.maxDecompressionRatio ?? 200,
      redirect: own.redirect ?? all.redirect ?? 'follow',
      maxRedirects: own.maxRedirects ?? all.maxRedirects ?? 10,
      retry: own.retry === undefined ? this.#retry : new RetryPolicy(own.retry),
      cookies: cookies === false ? undefined : cookies,
      endpoint: own.endpoint,
      clientEndpoint: all.endpoint,
      signal: own.signal ?? undefined,
      abortsAs: to.abortsAs ?? 'cancelled',
      sensitiveFields: sensitiveFields(own.sensitiveFields ?? all.sensitiveFields),
      continueTimeoutMs: expect === true ? 1_000 : expect === false ? undefined : expect,
      upgrade: to.upgrade,
      tunnel: to.tunnel,
      trailers: own.trailers,
      onInterim: own.onInterim,
      onProgress: own.onProgress,
    };
  }
}

function notStarted(): UsageError {
  return new UsageError(
    'HAWSER_SERVICE_STATE',
    'Cannot send the request as the client was not started: give it to run() beside the servers, or make it with a reactor',
  );
}
