import { toFactory } from '../src/connection/factory.ts';
import type { FactoryLike } from '../src/contract/factory.ts';
import {
  type Conversation,
  formatSaid,
  parseConversation,
  type Said,
} from '../src/layers/transform/conversation.ts';
import { type Cuts, chunkings } from './chunkings.ts';
import { FakeTransport } from './fake-transport.ts';
import { createTestReactor, type TestReactorOptions } from './test-reactor.ts';

/** Options for {@link replayConversation}. */
export interface ReplayOptions {
  /** Which side the factory plays. @defaultValue 'server' */
  readonly side?: Said['by'] | undefined;
  /** How what the other side says is cut; the conversation is played for each way. @defaultValue 'whole' */
  readonly cuts?: Cuts | undefined;
  /** Longest wait for each answer, on the reactor's clock. @defaultValue 10_000 */
  readonly waitMs?: number | undefined;
  /** For the reactor of each run. */
  readonly reactor?: TestReactorOptions | undefined;
}

/**
 * Plays one side of a recorded conversation against a fresh protocol, and compares what the protocol says with what
 * the other side said then, byte for byte and turn by turn.
 *
 * @throws Error if the protocol says something else, less, or, unless the recording was cut off, more
 */
export async function replayConversation(
  factory: FactoryLike,
  conversation: Conversation | string,
  options: ReplayOptions = {},
): Promise<void> {
  const { cuts = 'whole', side = 'server' } = options;
  const { said, truncated } =
    typeof conversation === 'string' ? parseConversation(conversation) : conversation;
  const theirs = said.filter(({ by }) => by !== side);
  const input = Buffer.concat(theirs.map(({ data }) => (data === 'end' ? EMPTY : data)));
  for (const chunks of chunkings(input, cuts)) {
    const lengths = chunks.map(({ length }) => length);
    await new Replay(factory, { ...options, lengths }).play({ said, truncated });
  }
}

const EMPTY = Buffer.alloc(0);
const STEP_MS = 100;

class Replay {
  readonly #side: Said['by'];
  readonly #waitMs: number;
  readonly #transport: FakeTransport;
  readonly #clock: { elapse(ms: number): Promise<void> };
  /** The sizes of the chunks to come. */
  readonly #lengths: number[];
  #got: Buffer = EMPTY;

  constructor(factory: FactoryLike, options: ReplayOptions & { readonly lengths: number[] }) {
    const { side = 'server', waitMs = 10_000, lengths } = options;
    const reactor = createTestReactor(options.reactor);
    this.#side = side;
    this.#waitMs = waitMs;
    this.#lengths = [...lengths];
    this.#clock = reactor.clock;
    this.#transport = new FakeTransport({ reactor, side });
    this.#transport.adopt(toFactory(factory));
  }

  async play({ said, truncated }: Conversation): Promise<void> {
    for (const each of said) {
      if (each.by === this.#side) await this.#expect(each);
      else await this.#say(each.data);
    }
    await this.#transport.settle();
    this.#listen();
    if (this.#got.length > 0 && !truncated) this.#failed('nothing more', this.#got);
    this.#transport.abort();
    await this.#transport.settle();
  }

  async #say(data: Said['data']): Promise<void> {
    if (data === 'end') {
      this.#transport.receiveEnd();
      await this.#transport.settle();
      return;
    }
    for (let at = 0; at < data.length; ) {
      const [next = data.length] = this.#lengths;
      const size = Math.min(next, data.length - at);
      this.#transport.receive(data.subarray(at, at + size));
      await this.#transport.settle();
      at += size;
      if (size === next) this.#lengths.shift();
      else this.#lengths[0] = next - size;
    }
  }

  async #expect({ data }: Said): Promise<void> {
    const isThere = (): boolean => {
      this.#listen();
      if (data === 'end') return this.#transport.wireState !== 'open';
      return this.#got.length >= data.length;
    };
    await this.#transport.settle();
    for (let waited = 0; !isThere() && waited < this.#waitMs; waited += STEP_MS) {
      await this.#clock.elapse(STEP_MS);
    }
    if (data === 'end') {
      if (!isThere()) this.#failed('the end', this.#got);
      return;
    }
    const heard = this.#got.subarray(0, data.length);
    if (!heard.equals(data)) this.#failed(lines(this.#side, data), this.#got);
    this.#got = this.#got.subarray(data.length);
  }

  #listen(): void {
    this.#got = Buffer.concat([this.#got, this.#transport.take()]);
  }

  #failed(expected: string, got: Buffer): never {
    const heard = got.length > 0 ? lines(this.#side, got) : 'nothing';
    throw new Error(`Cannot replay the conversation: expected\n${expected}\nbut heard\n${heard}`);
  }
}

function lines(by: Said['by'], data: Buffer): string {
  return formatSaid({ by, data }).trimEnd();
}
