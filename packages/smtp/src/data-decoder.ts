// The mail data after DATA: RFC 5321 §4.1.1.4, transparency by dots §4.5.2.
//
//              .            CR            LF
//   lineStart ---> dot ----------> dotCr ----> end
//       ^           |  other          |  other
//       | LF        v                 v
//      cr <------- text <-------------'
//            CR
//
// Only CRLF makes a line start, so a bare LF or CR can neither end the data nor hide a dot.

/** What one chunk of mail data held. */
export interface DecodedData {
  /** Content, without the dots that stuffed it. It lies in the memory of the chunk. */
  readonly content: Buffer;
  /** What followed the end of the data, or `undefined` while it goes on. */
  readonly rest: Buffer | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const State = { LineStart: 0, Dot: 1, DotCr: 2, Text: 3, Cr: 4 } as const;
type State = (typeof State)[keyof typeof State];

/** Finds the end of the mail data and removes the stuffing, in one pass over each byte. */
export class DataDecoder {
  #state: State = State.LineStart;
  #bare = false;

  /** Whether a CR or LF came that is not part of CRLF: refuse the message, its content is not exact. */
  get bare(): boolean {
    return this.#bare;
  }

  /**
   * Decodes the next chunk, in place: content is never longer than what was read, and a chunk of one's own to write to
   * would double the memory traffic of every message.
   */
  push(chunk: Buffer): DecodedData {
    let state = this.#state;
    let written = 0;
    for (let read = 0; read < chunk.length; read++) {
      const byte = chunk[read] as number;
      switch (state) {
        case State.Text:
          if (byte === CR) state = State.Cr;
          else if (byte === LF) this.#bare = true;
          break;
        case State.LineStart:
          if (byte === DOT) {
            state = State.Dot;
            continue;
          }
          state = this.#inLine(byte);
          break;
        case State.Dot:
          if (byte === CR) {
            state = State.DotCr;
            continue;
          }
          state = this.#inLine(byte);
          break;
        case State.DotCr:
          if (byte === LF) {
            this.#state = State.LineStart;
            return { content: chunk.subarray(0, written), rest: chunk.subarray(read + 1) };
          }
          this.#bare = true;
          state = this.#inLine(byte);
          break;
        case State.Cr:
          if (byte === LF) {
            state = State.LineStart;
            break;
          }
          this.#bare = true;
          state = this.#inLine(byte);
          break;
      }
      chunk[written++] = byte;
    }
    this.#state = state;
    return { content: chunk.subarray(0, written), rest: undefined };
  }

  #inLine(byte: number): State {
    if (byte === CR) return State.Cr;
    if (byte === LF) this.#bare = true;
    return State.Text;
  }
}
