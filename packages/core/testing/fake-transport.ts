import { WireTransport, type WireTransportOptions } from '../src/connection/wire-transport.ts';
import type { Address } from '../src/contract/address.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';
import { RecordingWire } from './recording-wire.ts';
import { createTestReactor, type TestReactor } from './test-reactor.ts';

/** Options for {@link FakeTransport}. */
export interface FakeTransportOptions extends Partial<WireTransportOptions> {
  /** @defaultValue one of its own */
  readonly reactor?: TestReactor | undefined;
  readonly local?: Address | undefined;
  readonly peer?: Address | undefined;
  /** `write` gives false from this many pending bytes. @defaultValue 16_384 */
  readonly highWaterMark?: number | undefined;
}

/**
 * A transport whose peer is a test. It is the real thing over a wire that records: the call grammar, pauses,
 * hand-overs and limits are those of a socket. `start(protocol)` or `adopt(factory)` begins; what happens in a later
 * turn has happened after `await settle()`.
 *
 * @example
 * const transport = new FakeTransport();
 * transport.start(new Echo());
 * transport.receive('hello');
 * expect(transport.takeText()).toBe('hello');
 */
export class FakeTransport extends WireTransport {
  readonly #wire: RecordingWire;
  readonly #testReactor: TestReactor;
  #closedWith: CloseReason | undefined;

  constructor(options: FakeTransportOptions = {}) {
    const {
      reactor = createTestReactor(),
      local = { kind: 'memory', name: 'local' },
      peer = { kind: 'memory', name: 'peer' },
      highWaterMark = 16_384,
      id = 1,
      side = 'server',
      ...rest
    } = options;
    const wire = new RecordingWire(reactor.clock, { local, peer, highWaterMark });
    super(reactor, wire, { id, side, ...rest });
    this.#wire = wire;
    this.#testReactor = reactor;
    this.onClose((reason) => {
      this.#closedWith = reason;
    });
  }

  /** Why the connection ended, once `connectionLost` was called. */
  get closedWith(): CloseReason | undefined {
    return this.#closedWith;
  }

  /** How this side ended: `ended` half-closed, `destroyed` closed, `reset` aborted. */
  get wireState(): RecordingWire['state'] {
    return this.#wire.state;
  }

  /** One buffer for each time bytes left, which is not once a `write`: writes of one callback leave together. */
  get writes(): readonly Buffer[] {
    return this.#wire.writes;
  }

  /** All bytes written since the last take. */
  take(): Buffer {
    const taken = Buffer.concat(this.#wire.writes);
    this.#wire.writes = [];
    return taken;
  }

  /** {@link take} as text. */
  takeText(encoding: BufferEncoding = 'utf8'): string {
    return this.take().toString(encoding);
  }

  /** The peer sends bytes. The protocol gets a copy, at once unless reading is paused. */
  receive(data: Uint8Array | string): void {
    this.#wire.receive(Buffer.from(data));
  }

  /** The peer ends its side. */
  receiveEnd(): void {
    this.#wire.receive(undefined);
  }

  /** The connection breaks; without a reason it closes cleanly. */
  lose(reason?: Error | CloseReason): void {
    this.#wire.lose(reason);
  }

  /** The peer stops reading: bytes written stay pending until {@link drained}. */
  stall(): void {
    this.#wire.stalled = true;
  }

  /** The peer has taken all that was pending. */
  drained(): void {
    this.#wire.drain();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.#testReactor.clock.settle();
  }
}
