import type { ServerHttp2Stream } from 'node:http2';
import type { FieldLines } from '../contract/field-lines.ts';
import { BodyPace } from '../server/body-pace.ts';
import { type BodySource, lateBody, malformedBody, RequestBody } from '../server/request-body.ts';
import { readTrailers } from './read-fields.ts';
import type { StreamHost } from './stream-host.ts';

/** What a {@link StreamBodySource} is made of. */
export interface StreamBodySourceParts {
  readonly stream: ServerHttp2Stream;
  /** Octets the peer has promised. */
  readonly length: number | undefined;
  /** The peer waits to be told to go on. */
  readonly expectsContinue: boolean;
  readonly startedAt: number;
  /** Tells the peer to go on. */
  readonly goOn: () => void;
}

/** Where the body of a request over HTTP/2 comes from. Flow control holds the peer back until somebody takes it. */
export class StreamBodySource implements BodySource {
  readonly body: RequestBody;
  readonly #host: StreamHost;
  readonly #parts: StreamBodySourceParts;
  readonly #pace: BodyPace;
  #trailers: FieldLines = [];
  #state: 'open' | 'complete' | 'lost' = 'open';
  #wanted = false;

  constructor(host: StreamHost, parts: StreamBodySourceParts) {
    const { stream, length, expectsContinue } = parts;
    this.#host = host;
    this.#parts = parts;
    this.#pace = new BodyPace(host.limits.minBodyRate);
    this.body = new RequestBody(this, { length, awaited: expectsContinue });
    stream.on('data', this.#dataReceived);
    // Nothing flows before somebody wants it.
    stream.pause();
    stream.on('end', () => this.#ended());
    stream.on('trailers', (_headers: unknown, _flags: number, lines: FieldLines) => {
      this.#trailersReceived(lines);
    });
  }

  /** Gives the body up if it is late, and otherwise when to look again. */
  look(now: number): number {
    if (this.#state !== 'open' || this.arrived) return Number.POSITIVE_INFINITY;
    const { requestTimeoutMs, minBodyRate } = this.#host.limits;
    const latest = this.#parts.startedAt + requestTimeoutMs;
    const { deadline } = this.#pace;
    if (now >= latest) this.lost(lateBody(`${requestTimeoutMs} ms`));
    else if (now >= deadline) this.lost(lateBody(`${minBodyRate} bytes/s`));
    else return Math.min(latest, deadline);
    return Number.POSITIVE_INFINITY;
  }

  /** Whether everything has arrived, be it taken or not. */
  get arrived(): boolean {
    if (this.#state !== 'open') return this.#state === 'complete';
    const { stream } = this.#parts;
    return !stream.destroyed && stream.state.remoteClose === 1;
  }

  /** The rest will not come. */
  lost(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'lost';
    this.#awaited(false);
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
    this.#awaited(true);
    this.#wanted = true;
    const { stream } = this.#parts;
    // Frames hold 16 KiB at most: what has come of several of them is worth one call, for whoever takes a piece at a time.
    if (stream.readableLength > 0) process.nextTick(() => this.#deliverWaiting());
    else stream.resume();
  }

  bodyUnwanted(): void {
    if (this.#state !== 'open') return;
    this.#awaited(false);
    this.#wanted = false;
    this.#parts.stream.pause();
  }

  bodyTooLong(): void {
    // The stream is closed behind the answer; until then the peer may wait.
    this.bodyUnwanted();
  }

  bodyFailed(thrown: unknown): void {
    this.#host.problem(thrown);
  }

  #deliverWaiting(): void {
    const { stream } = this.#parts;
    if (!this.#wanted || this.#state !== 'open') return;
    // Which tells the listener as well.
    if (!stream.readableFlowing) stream.read();
    if (this.#wanted) stream.resume();
  }

  /** Somebody waits for the peer now, or does not any more. */
  #awaited(waiting: boolean): void {
    const now = this.#host.transport.reactor.clock.now();
    if (!waiting) {
      this.#pace.stop(now);
      return;
    }
    this.#pace.start(now);
    this.#host.arm(this.#pace.deadline);
  }

  readonly #dataReceived = (chunk: Buffer): void => {
    if (this.#state !== 'open') return;
    this.#pace.received(chunk.length);
    this.#host.guarded(() => this.body.dataReceived(chunk));
  };

  #trailersReceived(lines: FieldLines): void {
    const trailers = readTrailers(lines, this.#host.limits);
    if (typeof trailers === 'string') this.lost(malformedBody());
    else this.#trailers = trailers;
  }

  #ended(): void {
    const { stream } = this.#parts;
    // A stream that was reset ends as well, which does not make its body whole.
    if (this.#state === 'open' && !stream.aborted && stream.rstCode === 0) this.#complete();
  }

  #complete(): void {
    this.#state = 'complete';
    this.#awaited(false);
    this.#host.guarded(() => this.body.ended(this.#trailers));
  }
}
