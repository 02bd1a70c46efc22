import { Deferred as CoreDeferred, type Deferred, fail, type Reactor } from '@hawser/core';
import { defaultCodecLimits } from '../wire/codec-limits.ts';
import type { HttpClientOptions, RequestOptions } from './client-options.ts';
import { ClientResponse } from './client-response.ts';
import { ConnectionPool, type PoolStatus } from './connection-pool.ts';
import { type FetchInit, type FetchInput, fetchOptions, fetchTarget } from './fetch-request.ts';
import { Http1Session } from './http1-session.ts';
import { prepareRequest } from './prepared-request.ts';
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
export interface HttpClient extends AsyncDisposable {
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
   * Asks the server to speak `protocol` on the connection (RFC 9110 §7.8), such as `websocket`.
   * @throws UpgradeRefusedError `HAWSER_HTTP_UPGRADE_REFUSED` with the response, when it does not
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

/** Makes a client. Nothing happens before the first request. @throws RangeError when a limit makes no sense */
export function httpClient(reactor: Reactor, options: HttpClientOptions = {}): HttpClient {
  return new PoolingClient(reactor, options);
}

/** What a request is made for, beside its response. */
type Purpose = Partial<Pick<RunOptions, 'upgrade' | 'tunnel' | 'abortsAs'>>;

class PoolingClient implements HttpClient {
  readonly #reactor: Reactor;
  readonly #options: HttpClientOptions;
  readonly #pool: ConnectionPool;
  readonly #retry: RetryPolicy;
  #closing: Deferred<void> | undefined;
  readonly fetch: HttpClient['fetch'];

  constructor(reactor: Reactor, options: HttpClientOptions) {
    const limits = { ...defaultCodecLimits, ...options.limits };
    this.#reactor = reactor;
    this.#options = options;
    this.#retry = new RetryPolicy(options.retry);
    this.#pool = new ConnectionPool(reactor, {
      options: options.pool ?? {},
      connectMs: options.timeouts?.connectMs ?? 10_000,
      tls: options.tls ?? {},
      protocols: ['http/1.1'],
      makeSession: (_protocol, owner) =>
        new Http1Session(owner, {
          limits,
          idleMs: this.#pool.idleMs,
          lifetimeMs: this.#pool.lifetimeMs,
        }),
    });
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
    return this.#pool.status();
  }

  close(options: { readonly deadlineMs?: number | undefined } = {}): Deferred<void> {
    const { deadlineMs = 10_000 } = options;
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  abort(): void {
    this.#pool.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #close(deadlineMs: number): Deferred<void> {
    const done = new CoreDeferred<void>({ where: 'http client.close' });
    const timer = this.#reactor.clock.callLater(deadlineMs, () => this.#pool.abort());
    this.#pool.close();
    this.#pool.whenEmpty(() => {
      timer.cancel();
      done.resolve();
    });
    return done;
  }

  #switch(url: string | URL, options: RequestOptions, to: Purpose): Deferred<UpgradedConnection> {
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
    try {
      const defaults = { ...this.#options, random: this.#reactor.random };
      const request = prepareRequest(target, options, defaults);
      const run = new RequestRun(this.#reactor, this.#pool, request, this.#runOptions(options, to));
      return run.start();
    } catch (error) {
      return fail(error, { reports: this.#reactor.reports, where: 'http.request' });
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
      continueTimeoutMs: expect === true ? 1_000 : expect === false ? undefined : expect,
      upgrade: to.upgrade,
      tunnel: to.tunnel,
      onInterim: own.onInterim,
      onProgress: own.onProgress,
    };
  }
}
