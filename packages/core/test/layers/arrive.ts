import { isIP } from 'node:net';
import type { Address } from '../../src/contract/address.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor, type TestReactor } from '../../testing/test-reactor.ts';

/** A protocol that takes everything and says nothing. */
export const silent: Factory = {
  name: 'silent',
  buildProtocol: () => ({ dataReceived() {}, readEnded() {} }),
};

/** Where a client comes from: an IP address or an address of another kind. */
export type From = string | Address;

/** Clients that come to a factory from addresses of their own. */
export class Arrivals {
  readonly reactor: TestReactor = createTestReactor();
  readonly #factory: Factory;
  #count = 0;

  constructor(factory: Factory) {
    this.#factory = factory;
  }

  arrive(from: From = '192.0.2.1'): FakeTransport {
    this.#count += 1;
    const peer: Address = typeof from === 'string' ? inet(from, 40_000 + this.#count) : from;
    const { reactor } = this;
    const transport = new FakeTransport({
      reactor,
      id: this.#count,
      peer,
      local: inet('198.51.100.1', 443),
    });
    transport.adopt(this.#factory);
    return transport;
  }

  /** Lets so many clients come, one after the other, and tells which were let in. */
  admits(...from: readonly From[]): boolean[] {
    return from.map((each) => !this.arrive(each).ending);
  }
}

export function inet(host: string, port: number): Address {
  return { kind: 'tcp', host, port, family: isIP(host) === 6 ? 6 : 4 };
}
