import type { Factory, Transport } from '@hawser/core';
import { connectPipe, createTestReactor, type TestReactor } from '@hawser/core/testing';
import { expect } from 'vitest';
import {
  type HttpClient,
  type HttpClientOptions,
  type HttpHandler,
  http,
  httpClient,
  type ReverseProxyOptions,
  reverseProxy,
} from '../../src/index.ts';
import { PipeEndpoint, StubServer } from '../../testing/index.ts';
import { RawClient } from '../raw-client.ts';

/** A peer that a test speaks for, a proxy, and what is behind it. */
export interface ProxyWorld {
  readonly reactor: TestReactor;
  readonly peer: RawClient;
  readonly transport: Transport;
  readonly client: HttpClient;
  readonly behind: PipeEndpoint;
  /** Ends everything, and looks at whether anything is left or was reported. */
  over(): Promise<void>;
}

/** What a {@link proxyWorld} is made of. */
export interface ProxyWorldOptions extends Omit<ReverseProxyOptions, 'client'> {
  /** What stands in front of the proxy. */
  readonly around?: ((proxy: HttpHandler) => HttpHandler) | undefined;
  /** How the proxy asks. */
  readonly of?: HttpClientOptions | undefined;
  /** How the bytes of both connections are cut. */
  readonly cut?: 'whole' | 'bytes' | number | undefined;
}

/** A proxy in front of `server`, on virtual time, with a connection to it. */
export function proxyWorld(server: Factory, options: ProxyWorldOptions = {}): ProxyWorld {
  const { around = (proxy) => proxy, cut, of, ...proxy } = options;
  const reactor = createTestReactor();
  const behind = new PipeEndpoint(server, { cut });
  const client = httpClient(reactor, { endpoint: behind, ...of });
  const app = http(around(reverseProxy('http://app', { client, ...proxy })));
  const peer = new RawClient();
  const { client: transport } = connectPipe(reactor, app, () => peer, { cut });
  return {
    reactor,
    peer,
    transport,
    client,
    behind,
    async over() {
      transport.abort();
      await reactor.clock.elapse(20_000);
      client.abort();
      await reactor.clock.settle();
      expect(reactor.reports.problems).toEqual([]);
      expect(behind.servers.size).toBe(0);
    },
  };
}

/** A server that answers whatever comes with these bytes, and may end then. */
export function rawServer(
  bytes: string,
  end: 'keep' | 'close' | 'reset' = 'keep',
  heard: (text: string) => void = () => undefined,
): Factory {
  return {
    name: 'raw',
    buildProtocol() {
      let transport: Transport;
      return {
        connectionMade(made) {
          transport = made;
        },
        dataReceived(data) {
          heard(data.toString('latin1'));
          if (transport.ending) return;
          transport.write(Buffer.from(bytes, 'latin1'));
          if (end === 'close') transport.close();
          else if (end === 'reset') transport.reactor.clock.callSoon(() => transport.abort());
        },
        readEnded: () => transport.end(),
      };
    },
  };
}

/** A stub that answers everything alike. */
export function stubbing(
  ...reply: Parameters<ReturnType<StubServer['expect']>['always']>
): StubServer {
  const stub = new StubServer();
  stub.expect('*').always(...reply);
  return stub;
}
