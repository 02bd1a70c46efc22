import { ProtocolError } from '@hawser/core';

/** An event as a client gets it. */
export interface ReceivedEvent {
  /** `message` unless the server has named it. */
  readonly event: string;
  readonly data: string;
  /** The last id that was sent, by this event or one before. */
  readonly lastEventId: string;
}

/** Options for {@link EventStreamReader}. */
export interface EventStreamReaderOptions {
  /** Longest event, and longest line, in characters. @defaultValue 1_048_576 */
  readonly maxEventLength?: number | undefined;
}

const LINE_END = /\r\n|\r|\n/g;

/**
 * Reads server-sent events from bytes that may be cut anywhere, as the HTML standard §9.2.6 says: what is not understood
 * is skipped, an event without its blank line at the end of the stream is dropped. It does no I/O.
 */
export class EventStreamReader {
  readonly #maxLength: number;
  // Drops the byte order mark.
  readonly #decoder: InstanceType<typeof TextDecoder> = new TextDecoder();
  /** The beginning of a line, in the pieces in which it came. */
  #rest: string[] = [];
  #restLength = 0;
  /** The line end at the end of what was fed may be the first half of CR LF. */
  #afterCr = false;
  #data: string[] = [];
  #dataLength = 0;
  #event = '';
  #id = '';
  #lastEventId = '';
  #retryMs: number | undefined;

  /** @throws RangeError when the limit is not above 0 */
  constructor(options: EventStreamReaderOptions = {}) {
    const { maxEventLength = 1_048_576 } = options;
    if (!(maxEventLength > 0)) {
      throw new RangeError(`Cannot read events as maxEventLength must be > 0: ${maxEventLength}`);
    }
    this.#maxLength = maxEventLength;
  }

  /** To be sent as `Last-Event-ID` when the stream is opened again; empty if there was none. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** How long the server wants a client to wait before it connects again. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /**
   * The events that are complete with these bytes.
   *
   * @throws ProtocolError `HAWSER_LINE_TOO_LONG` or `HAWSER_FRAME_TOO_LONG` over the limit
   */
  feed(chunk: Uint8Array): ReceivedEvent[] {
    let text = this.#decoder.decode(chunk, { stream: true });
    if (text === '') return [];
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1);
    this.#afterCr = text.endsWith('\r');
    const events: ReceivedEvent[] = [];
    let start = 0;
    LINE_END.lastIndex = 0;
    for (let end = LINE_END.exec(text); end; end = LINE_END.exec(text)) {
      this.#keep(text.slice(start, end.index));
      this.#line(this.#takeRest(), events);
      start = LINE_END.lastIndex;
    }
    this.#keep(text.slice(start));
    return events;
  }

  #keep(piece: string): void {
    this.#restLength += piece.length;
    // With room for the name of the longest field.
    if (this.#restLength > this.#maxLength + 8) {
      const code = 'HAWSER_LINE_TOO_LONG';
      throw new ProtocolError(code, `Cannot read a line longer than ${this.#maxLength}`);
    }
    if (piece !== '') this.#rest.push(piece);
  }

  #takeRest(): string {
    const [first = ''] = this.#rest;
    const line = this.#rest.length > 1 ? this.#rest.join('') : first;
    this.#rest = [];
    this.#restLength = 0;
    return line;
  }

  #line(line: string, events: ReceivedEvent[]): void {
    if (line === '') {
      this.#dispatch(events);
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    this.#field(field, value);
  }

  #field(field: string, value: string): void {
    if (field === 'data') {
      this.#dataLength += value.length + 1;
      if (this.#dataLength > this.#maxLength + 1) {
        throw new ProtocolError(
          'HAWSER_FRAME_TOO_LONG',
          `Cannot read an event longer than ${this.#maxLength}`,
        );
      }
      this.#data.push(value);
    } else if (field === 'event') {
      this.#event = value;
    } else if (field === 'id') {
      if (!value.includes('\0')) this.#id = value;
    } else if (field === 'retry') {
      if (/^[0-9]+$/.test(value)) this.#retryMs = Number(value);
    }
  }

  #dispatch(events: ReceivedEvent[]): void {
    this.#lastEventId = this.#id;
    const lines = this.#data;
    const event = this.#event || 'message';
    this.#data = [];
    this.#dataLength = 0;
    this.#event = '';
    if (lines.length > 0) events.push({ event, data: lines.join('\n'), lastEventId: this.#id });
  }
}

/**
 * The events of a body, as they arrive; none where there is no body. Leaving the loop cancels the body.
 *
 * @throws as {@link EventStreamReader.feed}, and whatever the body throws
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array> | null,
  reader: EventStreamReader = new EventStreamReader(),
): AsyncGenerator<ReceivedEvent, void, undefined> {
  for await (const chunk of body ?? []) yield* reader.feed(chunk);
}
