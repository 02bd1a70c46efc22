import type { ServerHttp2Stream } from 'node:http2';
import type { FieldLines } from '../contract/field-lines.ts';
import { type BodySource, RequestBody } from '../server/request-body.ts';

/** What a {@link StreamBodySource} is made of. */
export interface StreamBodySourceParts {
  readonly stream: ServerHttp2Stream;
  /** Octets the peer has promised. */
  readonly length: number | undefined;
  /** The head came with the end of the stream. */
  readonly complete: boolean;
  /** The peer waits to be told to go on. */
  readonly expectsContinue: boolean;
  /** Calls what belongs to the connection; hears what it throws. */
  readonly guarded: (run: () => void) => void;
  /** Tells the peer to go on. */
  readonly goOn: () => void;
  /** Somebody waits for the peer now, or does not any more. */
  readonly awaited: (waiting: boolean) => void;
  readonly arrived: (bytes: number) => void;
  readonly problem: (thrown: unknown) => void;
}

/** Where the body of a request over HTTP/2 comes from. Flow control holds the peer back until somebody takes it. */
export class StreamBodySource implements BodySource {
  readonly body: RequestBody;
  readonly #parts: StreamBodySourceParts;
  #trailers: FieldLines = [];
  #state: 'open' | 'complete' | 'lost';

  constructor(parts: StreamBodySourceParts) {
    const { stream, complete, length, expectsContinue } = parts;
    this.#parts = parts;
    this.#state = complete ? 'complete' : 'open';
    this.body = new RequestBody(this, {
      length: complete ? 0 : length,
      awaited: !complete && expectsContinue,
    });
    if (complete) return;
    stream.on('data', this.#dataReceived);
    // Nothing flows before somebody wants it.
    stream.pause();
    stream.on('end', () => this.#ended());
    stream.on('trailers', (_headers: unknown, _flags: number, lines: FieldLines) => {
      this.#trailers = lines;
    });
  }

  /** Whether everything has arrived, be it taken or not. */
  get arrived(): boolean {
    if (this.#state !== 'open') return this.#state === 'complete';
    const { stream } = this.#parts;
    return !stream.destroyed && stream.state.remoteClose === 1;
  }

  /** Whether more may come. */
  get open(): boolean {
    return this.#state === 'open' && !this.arrived;
  }

  /** The rest will not come. */
  lost(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'lost';
    this.#parts.awaited(false);
    this.body.fail(error);
  }

  /** The stream is about to go, after its end has arrived: what was not taken of the body stays readable. */
  keepRest(): void {
    if (this.#state !== 'open') return;
    const { stream } = this.#parts;
    stream.off('data', this.#dataReceived);
    for (;;) {
      const chunk = stream.read() as Buffer | null;
      if (chunk === null) break;
      this.#dataReceived(chunk);
    }
    this.#complete();
  }

  bodyWanted(): void {
    if (this.#state !== 'open') return;
    if (this.body.takeAwaited()) this.#parts.goOn();
    this.#parts.awaited(true);
    this.#parts.stream.resume();
  }

  bodyUnwanted(): void {
    if (this.#state !== 'open') return;
    this.#parts.awaited(false);
    this.#parts.stream.pause();
  }

  bodyTooLong(): void {
    // The stream is closed behind the answer; until then the peer may wait.
    this.bodyUnwanted();
  }

  bodyFailed(thrown: unknown): void {
    this.#parts.problem(thrown);
  }

  readonly #dataReceived = (chunk: Buffer): void => {
    if (this.#state !== 'open') return;
    this.#parts.arrived(chunk.length);
    this.#parts.guarded(() => this.body.dataReceived(chunk));
  };

  #ended(): void {
    const { stream } = this.#parts;
    // A stream that was reset ends as well, which does not make its body whole.
    if (this.#state === 'open' && !stream.aborted && stream.rstCode === 0) this.#complete();
  }

  #complete(): void {
    this.#state = 'complete';
    this.#parts.awaited(false);
    this.#parts.guarded(() => this.body.ended(this.#trailers));
  }
}
