import { handOver } from '../../connection/hand-over.ts';
import { overlay } from '../../connection/overlay.ts';
import { layer } from '../../connection/stack.ts';
import type { Factory, Incoming } from '../../contract/factory.ts';
import type { InfoKey } from '../../contract/info.ts';
import type { Layer } from '../../contract/layer.ts';
import type { Protocol } from '../../contract/protocol.ts';
import type { Transport } from '../../contract/transport.ts';
import { waitForInput } from '../wait-for-input.ts';
import { type ClientHello, readClientHello } from './client-hello-message.ts';
import { matchTls } from './matchers.ts';

/** What the client asked for before TLS began; set by {@link clientHello}. */
export const CLIENT_HELLO: InfoKey<ClientHello> = { name: 'client hello' };

/** Options for {@link clientHello}. */
export interface ClientHelloOptions {
  /** A client whose hello is not complete by then is cut off, in milliseconds. @defaultValue 10_000 */
  readonly withinMs?: number | undefined;
}

/**
 * Reads the first message of a TLS client without touching it: what comes next finds it in `info(CLIENT_HELLO)` and
 * gets every byte, whether it is `tls` or a tunnel to the machine that has the key. A hello that is broken or longer
 * than 16 KiB ends the connection with `HAWSER_BAD_CLIENT_HELLO`.
 *
 * @throws RangeError if `withinMs` is not > 0
 */
export function clientHello(options: ClientHelloOptions = {}): Layer {
  const { withinMs = 10_000 } = options;
  if (!(withinMs > 0)) {
    throw new RangeError(`Cannot wait for a hello as withinMs must be > 0: ${withinMs}`);
  }
  return layer({
    kind: 'preamble',
    label: 'clientHello',
    match: matchTls,
    build: (inner, incoming) => new ClientHelloProtocol(incoming, { inner, withinMs }),
  });
}

interface Plan {
  readonly inner: Factory;
  readonly withinMs: number;
}

class ClientHelloProtocol implements Protocol {
  readonly #incoming: Incoming;
  readonly #plan: Plan;
  #transport: Transport | undefined;
  #timer: ReturnType<typeof waitForInput> | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Not worth looking before there are so many bytes. */
  #wanted = 1;

  constructor(incoming: Incoming, plan: Plan) {
    this.#incoming = incoming;
    this.#plan = plan;
  }

  connectionMade(transport: Transport): void {
    const { withinMs } = this.#plan;
    this.#transport = transport;
    const expired = (): void =>
      transport.abort({ kind: 'timeout', timer: 'handshake', afterMs: withinMs });
    this.#timer = waitForInput(transport.reactor.clock, { ms: withinMs, expired });
  }

  dataReceived(data: Buffer): void {
    this.#chunks.push(data);
    this.#bytes += data.length;
    // The header is judged byte by byte, so that garbage is answered at once.
    if (this.#bytes < this.#wanted && this.#bytes > 5) return;
    const head = this.#chunks.length === 1 ? data : Buffer.concat(this.#chunks);
    const hello = readClientHello(head);
    if (typeof hello === 'number') {
      this.#wanted = hello;
      this.#chunks = [head];
      return;
    }
    this.#timer?.cancel();
    overlay(this.#incoming, { info: [[CLIENT_HELLO, hello]] });
    const { inner: factory } = this.#plan;
    if (this.#transport) {
      handOver(this.#transport, { incoming: this.#incoming, factory, leftover: head });
    }
  }

  readEnded(): void {
    this.#transport?.close();
  }

  connectionLost(): void {
    this.#timer?.cancel();
  }
}
