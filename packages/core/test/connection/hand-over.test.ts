import { expect, test } from 'vitest';
import { handOver } from '../../src/connection/hand-over.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { ProtocolError } from '../../src/errors.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** A preamble that hands over at once. */
function before(factory: Factory): Factory {
  return {
    name: 'before',
    buildProtocol: (incoming) => ({
      connectionMade: (transport) => handOver(transport, { incoming, factory }),
      dataReceived() {},
    }),
  };
}

test.each([
  ['is reported', new Error('a mistake'), 1],
  ['is quiet if the peer is to blame', new ProtocolError('HAWSER_UNRECOGNISED', 'Cannot'), 0],
])('what a factory throws behind a hand-over %s, as in front of it', async (_, error, problems) => {
  const thrower: Factory = {
    name: 'thrower',
    buildProtocol() {
      throw error;
    },
  };
  for (const factory of [thrower, before(thrower)]) {
    const reactor = createTestReactor();
    const transport = new FakeTransport({ reactor });
    transport.adopt(factory);
    await transport.settle();
    expect(transport.closedWith).toEqual({ kind: 'protocol', error });
    expect(reactor.reports.problems).toHaveLength(problems);
  }
});
