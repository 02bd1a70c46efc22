import type { Factory, WireTransport } from '@hawser/core';
import { connectPipe, createTestReactor } from '@hawser/core/testing';
import { describe } from 'vitest';
import { deliveryCases, type Rig } from './delivery-cases.ts';
import { SmtpClient } from './smtp-client.ts';

describe('over a pipe', () => {
  deliveryCases((factory) => Promise.resolve(pipes(factory, 'whole')));
});

describe('over a pipe that cuts at random places', () => {
  deliveryCases((factory) => Promise.resolve(pipes(factory, 7)));
});

function pipes(factory: Factory, cut: 'whole' | number): Rig {
  const reactor = createTestReactor();
  const open = new Set<WireTransport>();
  return {
    problems: reactor.reports.problems,
    connect: () => {
      const client = new SmtpClient();
      const { server } = connectPipe(reactor, factory, () => client, { cut });
      open.add(server);
      server.onClose(() => open.delete(server));
      return Promise.resolve(client);
    },
    settle: () => reactor.clock.settle(),
    connections: () => open.size,
    drain: () => {
      for (const server of open) server.requestDrain(reactor.clock.now() + 60_000);
      return reactor.clock.settle();
    },
    async [Symbol.asyncDispose]() {
      for (const server of open) server.abort();
      await reactor.clock.settle();
    },
  };
}
