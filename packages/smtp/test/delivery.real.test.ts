import { setImmediate } from 'node:timers/promises';
import {
  createNodeReactor,
  type Factory,
  type FactoryLike,
  type InetAddress,
  stack,
  tls,
} from '@hawser/core';
import { CollectedReports } from '@hawser/core/testing';
import { describe } from 'vitest';
import { deliveryCases, type Rig } from './delivery-cases.ts';
import { SmtpClient } from './smtp-client.ts';
import { certificate, startTlsCases } from './starttls-cases.ts';

describe('over TCP', () => {
  deliveryCases((factory) => listen(factory, (client) => client));
});

describe('over TLS from the start', () => {
  deliveryCases((factory) =>
    listen(stack(tls(certificate))(factory), (client) => () => ({
      dataReceived: () => undefined,
      connectionMade: (transport) => {
        const upper = { name: 'client', buildProtocol: client };
        transport.reactor.tls.startClient(transport, { verify: false }, upper);
      },
    })),
  );
});

describe('STARTTLS over TCP', () => {
  startTlsCases((factory) => listen(factory, (client) => client));
});

async function listen(
  factory: Factory,
  wrap: (client: () => SmtpClient) => FactoryLike,
): Promise<Rig> {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, factory);
  const { port: number } = port.address as InetAddress;
  return {
    problems: reports.problems,
    async connect() {
      const client = new SmtpClient();
      await reactor.tcp.connect(
        { host: '127.0.0.1', port: number },
        wrap(() => client),
      );
      return client;
    },
    async settle() {
      for (let turn = 0; turn < 10; turn++) await setImmediate();
    },
    connections: () => port.connections,
    drain: () => port.drain(reactor.clock.now() + 10_000),
    async [Symbol.asyncDispose]() {
      await port.stop();
    },
  };
}
