import type { Factory, WireTransport } from '@hawser/core';
import { connectPipe, createTestReactor } from '@hawser/core/testing';
import type { Rig } from './delivery-cases.ts';
import { SmtpClient } from './smtp-client.ts';

/** A rig in memory, on virtual time. */
export function pipes(factory: Factory, cut: 'whole' | number): Rig {
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
