import { layer } from '../../connection/stack.ts';
import { type Transformation, TransformWire } from '../../connection/transform-wire.ts';
import type { Incoming } from '../../contract/factory.ts';
import type { Layer } from '../../contract/layer.ts';
import { describeReason } from '../../errors.ts';
import { formatSaid, type Said } from './conversation.ts';

/** Gets whole lines of a conversation, as they are said. */
export type TapSink = (lines: string, connection: Incoming) => void;

/** Options for {@link tap}. */
export interface TapOptions {
  /** Bytes to write down of each connection; then it stops with a line `...`. @defaultValue 65_536 */
  readonly maxBytes?: number | undefined;
}

/**
 * Writes down what both sides say, as text that {@link parseConversation} reads and tests replay. Where it stands in a
 * stack decides what it hears: above TLS the plain text, below it the records. Secrets are written down as well. A sink
 * that throws is reported and hears no more of that connection, which goes on.
 *
 * @example
 * const recorder = new ConversationRecorder();
 * const factory = stack(tap(recorder.sink))(app);
 * // later: writeFileSync('hello.txt', recorder.conversations[0] ?? '')
 */
export function tap(sink: TapSink, options: TapOptions = {}): Layer {
  const { maxBytes = 65_536 } = options;
  if (!Number.isInteger(maxBytes) || maxBytes < 0) {
    throw new RangeError(
      `Cannot write a conversation down as maxBytes must be a whole number: ${maxBytes}`,
    );
  }
  return layer({
    kind: 'transform',
    label: 'tap',
    build: (inner, incoming) =>
      new TransformWire(inner, incoming, () => listen(new Notes(sink, incoming, maxBytes))),
  });
}

/** A sink that keeps the latest conversations. */
export class ConversationRecorder {
  readonly #most: number;
  readonly #texts = new Map<Incoming, string>();
  /** What these still say would begin in the middle. */
  readonly #forgotten = new WeakSet<Incoming>();

  /**
   * @param options `maxConversations`: the oldest is forgotten when there are more. @defaultValue 100
   * @throws RangeError if that is no whole number above 0
   */
  constructor(options: { readonly maxConversations?: number | undefined } = {}) {
    const { maxConversations = 100 } = options;
    if (!Number.isInteger(maxConversations) || maxConversations < 1) {
      throw new RangeError(
        `Cannot keep conversations as maxConversations must be a whole number > 0: ${maxConversations}`,
      );
    }
    this.#most = maxConversations;
  }

  /** The text of each, in the order they began. */
  get conversations(): readonly string[] {
    return [...this.#texts.values()];
  }

  readonly sink: TapSink = (lines, connection) => {
    if (this.#forgotten.has(connection)) return;
    this.#texts.set(connection, (this.#texts.get(connection) ?? '') + lines);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= this.#most) return;
      this.#texts.delete(oldest);
      this.#forgotten.add(oldest);
    }
  };
}

function listen(notes: Notes): Transformation {
  const { here, there } = notes;
  return {
    received(data) {
      notes.add({ by: there, data });
      return data;
    },
    sent(data) {
      notes.add({ by: here, data: Buffer.from(data.buffer, data.byteOffset, data.length) });
      return data;
    },
    receivedEnd: () => notes.add({ by: there, data: 'end' }),
    sentEnd: () => notes.add({ by: here, data: 'end' }),
  };
}

/** What is written down of one connection. */
class Notes {
  readonly here: Said['by'];
  readonly there: Said['by'];
  readonly #sink: TapSink;
  readonly #incoming: Incoming;
  #bytesLeft: number;
  #stopped = false;

  constructor(sink: TapSink, incoming: Incoming, maxBytes: number) {
    this.here = incoming.side;
    this.there = incoming.side === 'server' ? 'client' : 'server';
    this.#sink = sink;
    this.#incoming = incoming;
    this.#bytesLeft = maxBytes;
    incoming.onClose((reason) =>
      this.#write(`# ${describeReason(reason).replaceAll(/\s/g, ' ')}\n`),
    );
  }

  add({ by, data }: Said): void {
    if (this.#stopped) return;
    if (data === 'end' || data.length <= this.#bytesLeft) {
      if (data !== 'end') this.#bytesLeft -= data.length;
      this.#write(formatSaid({ by, data }));
    } else {
      const kept = data.subarray(0, this.#bytesLeft);
      this.#write(`${formatSaid({ by, data: kept })}...\n`);
      this.#stopped = true;
    }
  }

  #write(lines: string): void {
    if (this.#stopped) return;
    try {
      this.#sink(lines, this.#incoming);
    } catch (thrown) {
      this.#stopped = true;
      this.#incoming.reactor.reports.problem('tap', thrown);
    }
  }
}
