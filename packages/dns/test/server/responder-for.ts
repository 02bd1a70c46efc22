import { type CollectedReports, createTestReactor, type TestReactor } from '@hawser/core/testing';
import type { QueryContext } from '../../src/server/query.ts';
import type { Reply } from '../../src/server/reply.ts';
import { Responder } from '../../src/server/responder.ts';
import type { ResponderOptions } from '../../src/server/responder-options.ts';
import type { Served } from '../../src/server/to-handlers.ts';
import { oneMessage } from './one-message.ts';

export interface TestResponder {
  readonly reports: CollectedReports;
  readonly reactor: TestReactor;
  readonly responder: Responder;
  respond(bytes: Buffer, transport?: QueryContext['transport'], host?: string): Reply;
  /** For replies that are ready at once. */
  answer(bytes: Buffer, transport?: QueryContext['transport'], host?: string): Buffer | undefined;
}

export function responderFor(served: Served, options: ResponderOptions = {}): TestResponder {
  const reactor = createTestReactor();
  const responder = new Responder(served, options);
  void responder.start(reactor);
  const respond: TestResponder['respond'] = (bytes, transport = 'udp', host = '192.0.2.99') =>
    responder.respond(bytes, {
      transport,
      client: {
        kind: transport === 'udp' ? 'udp' : 'tcp',
        host,
        port: 4000,
        family: host.includes(':') ? 6 : 4,
      },
    });
  return {
    reports: reactor.reports,
    reactor,
    responder,
    respond,
    answer(...asked) {
      const reply = respond(...asked);
      if (reply instanceof Promise) throw new Error('the reply takes time');
      return oneMessage(reply);
    },
  };
}
