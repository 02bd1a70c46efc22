import { toFactory } from '../../src/connection/factory.ts';
import type { WireTransport } from '../../src/connection/wire-transport.ts';
import type { ClientEndpoint } from '../../src/contract/endpoint.ts';
import type { FactoryLike } from '../../src/contract/factory.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import { succeed } from '../../src/deferred/succeed.ts';
import { ConnectError } from '../../src/errors.ts';
import { connectPipe } from '../../testing/pipe.ts';

/** What an attempt comes to: `later` waits for {@link ScriptedEndpoint.accept} or `refuse`. */
export type Scripted = 'connects' | 'connects at second try' | 'fails' | 'throws' | 'later';

/** Connects by a pipe, or does not, as the test says. */
export class ScriptedEndpoint implements ClientEndpoint {
  /** What the next attempts come to; the last one stays. */
  script: Scripted[] = ['connects'];
  /** When attempts were made. */
  readonly attempts: number[] = [];
  /** The far side of each connection. */
  readonly servers: WireTransport[] = [];
  cancelled = 0;
  #pending: { readonly accept: () => void; readonly refuse: () => void } | undefined;

  connect<P extends Protocol>(reactor: Reactor, factory: FactoryLike<P>): Deferred<P> {
    this.attempts.push(reactor.clock.now());
    const next = this.script.length > 1 ? this.script.shift() : this.script[0];
    if (next === 'throws') throw new TypeError('a mistake of the endpoint');
    if (next === 'fails') return fail(refused());
    if (next === 'connects at second try') {
      this.#pipe(reactor, factory);
      this.servers[0]?.abort();
      const connecting = new Deferred<P>();
      // After the first connection was lost.
      this.#pending = {
        accept: () => connecting.resolve(this.#pipe(reactor, factory)),
        refuse: () => undefined,
      };
      return connecting;
    }
    if (next === 'connects') return succeed(this.#pipe(reactor, factory));
    const connecting = new Deferred<P>({ canceller: () => void (this.cancelled += 1) });
    this.#pending = {
      accept: () => connecting.resolve(this.#pipe(reactor, factory)),
      refuse: () => connecting.reject(refused()),
    };
    return connecting;
  }

  accept(): void {
    this.#pending?.accept();
  }

  refuse(): void {
    this.#pending?.refuse();
  }

  toString(): string {
    return 'pipe://server';
  }

  #pipe<P extends Protocol>(reactor: Reactor, factory: FactoryLike<P>): P {
    const inner = toFactory(factory);
    let built: P | undefined;
    const { server } = connectPipe(reactor, () => ({ dataReceived: () => undefined }), {
      name: inner.name,
      buildProtocol(incoming) {
        built = inner.buildProtocol(incoming);
        return built;
      },
    });
    this.servers.push(server);
    if (!built) throw new TypeError('the factory refused');
    return built;
  }
}

function refused(): ConnectError {
  return new ConnectError('HAWSER_CONNECT', 'Cannot connect to pipe://server: refused');
}
