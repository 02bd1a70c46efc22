import type { Factory } from '@hawser/core';
import { createTestReactor, type PipeOptions, type TestReactor } from '@hawser/core/testing';
import type { HttpClientOptions } from '../src/client/client-options.ts';
import { type HttpClient, httpClient } from '../src/client/http-client.ts';
import type { HttpHandler } from '../src/contract/http-handler.ts';
import { type HttpApp, http } from '../src/server/http.ts';
import type { HttpOptions } from '../src/server/http-options.ts';
import { PipeEndpoint } from './pipe-endpoint.ts';

/** Options for {@link testClient}: those of a client, and what is between it and the app. */
export interface TestClientOptions extends HttpClientOptions, Pick<PipeOptions, 'cut'> {
  /** For a handler, which is served by `http`. */
  readonly server?: HttpOptions | undefined;
  /** Whose clock and randomness are used. @defaultValue a new one, on virtual time */
  readonly reactor?: TestReactor | undefined;
}

/** A client that is connected to an app, and nothing else. Disposing it aborts what is under way. */
export interface TestClient extends HttpClient {
  readonly reactor: TestReactor;
  /** Lets virtual time pass, and everything that is due happen. */
  elapse(ms: number): Promise<void>;
  /** The server ends that are open. */
  readonly connections: PipeEndpoint['servers'];
}

/**
 * Drives an app in memory, with the real engine and the real client: every byte is written and read as on a network.
 * `app` is a handler, an app with a responder, or any factory. Time is virtual and passes by `elapse` alone, so nothing
 * times out by itself. Requests are not sent again unless `retry` says so.
 *
 * @example
 * await using client = testClient((request) => new Response(`You asked for ${request.url}`));
 * const response = await client.get('/hello');
 * expect(await response.text()).toBe('You asked for http://test/hello');
 */
export function testClient(
  app: HttpHandler | HttpApp | Factory,
  options: TestClientOptions = {},
): TestClient {
  const { reactor = createTestReactor(), server, cut, ...given } = options;
  const factory = typeof app === 'object' && 'buildProtocol' in app ? app : http(app, server ?? {});
  const endpoint = new PipeEndpoint(factory, { cut });
  const client = httpClient(reactor, {
    baseUrl: 'http://test/',
    endpoint,
    retry: false,
    ...given,
  });
  return Object.assign(client, {
    reactor,
    connections: endpoint.servers,
    elapse: (ms: number) => reactor.clock.elapse(ms),
    async [Symbol.asyncDispose]() {
      // No time passes in which something could end by itself.
      client.abort();
      await reactor.clock.settle();
    },
  });
}
