import { type CollectedReports, createTestReactor } from '@hawser/core/testing';
import type { QueryContext } from '../../src/server/query.ts';
import { type Reply, Responder } from '../../src/server/responder.ts';
import type { Served } from '../../src/server/to-handlers.ts';

export interface TestResponder {
  readonly reports: CollectedReports;
  respond(bytes: Buffer, transport?: QueryContext['transport']): Reply;
  /** For replies that are ready at once. */
  answer(bytes: Buffer, transport?: QueryContext['transport']): Buffer | undefined;
}

export function responderFor(
  served: Served,
  options: { udpPayloadBytes?: number } = {},
): TestResponder {
  const reactor = createTestReactor();
  const responder = new Responder(served, options);
  void responder.start(reactor);
  const respond = (bytes: Buffer, transport: QueryContext['transport'] = 'udp'): Reply =>
    responder.respond(bytes, {
      transport,
      client: {
        kind: transport === 'udp' ? 'udp' : 'tcp',
        host: '192.0.2.99',
        port: 4000,
        family: 4,
      },
    });
  return {
    reports: reactor.reports,
    respond,
    answer(bytes, transport) {
      const reply = respond(bytes, transport);
      if (reply instanceof Promise) throw new Error('the reply takes time');
      return reply;
    },
  };
}
