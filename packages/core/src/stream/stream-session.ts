import type { CloseReason } from '../contract/close-reason.ts';
import type { CloseOptions, Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { succeed } from '../deferred/succeed.ts';
import { ConnectionError, describeReason, UsageError } from '../errors.ts';
import { StreamReader } from './stream-reader.ts';
import { StreamWriter } from './stream-writer.ts';

/** Bytes that may wait unread before the peer is made to wait. */
const HIGH_WATER_BYTES = 65_536;

/** What one stream connection knows: both halves, and how it ends. */
export class StreamSession {
  readonly transport: Transport;
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  /** When the process stops, once it wants to. */
  drainDeadline: number | undefined;
  readonly #whenDraining = new Set<Deferred<number>>();
  #controller: AbortController | undefined;
  #lostWith: Error | undefined;
  #givenAway = false;

  constructor(transport: Transport) {
    this.transport = transport;
    this.reader = new StreamReader(transport, HIGH_WATER_BYTES);
    this.writer = new StreamWriter(transport);
  }

  get givenAway(): boolean {
    return this.#givenAway;
  }
  get lost(): boolean {
    return this.#lostWith !== undefined;
  }

  /** Made when it is first asked for: most handlers never do, and it is larger than the rest of the connection. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#lostWith) this.#controller.abort(this.#lostWith);
    }
    return this.#controller.signal;
  }

  whenDraining(): Deferred<number> {
    if (this.drainDeadline !== undefined) return succeed(this.drainDeadline);
    const asked: Deferred<number> = new Deferred<number>({
      where: 'connection.whenDraining',
      canceller: () => this.#whenDraining.delete(asked),
    });
    this.#whenDraining.add(asked);
    return asked;
  }

  drain(deadline: number): void {
    this.drainDeadline = deadline;
    this.reader.drain();
    for (const each of this.#whenDraining) each.resolve(deadline);
    this.#whenDraining.clear();
  }

  lose(reason: CloseReason): void {
    const error = closedError(`the connection is gone: ${describeReason(reason)}`, reason);
    this.#lostWith = error;
    this.#stop(error);
    this.#controller?.abort(error);
  }

  /** Whether `error` only says that this connection is over, or is what became of something its signal cancelled. */
  explains(error: Error): boolean {
    if (error instanceof UsageError) return false;
    const ends = [this.#lostWith, this.reader.gone, this.writer.gone];
    return ends.some((end) => end !== undefined && (error === end || error.cause === end));
  }

  /** The transport, for what only its owner may do. @throws UsageError `HAWSER_DETACHED` */
  ownTransport(what: string): Transport {
    if (!this.#givenAway) return this.transport;
    throw new UsageError('HAWSER_DETACHED', `Cannot ${what} as the connection was given away`);
  }

  close(options?: CloseOptions): Deferred<CloseReason> {
    const transport = this.ownTransport('close');
    const gone = new Deferred<CloseReason>({ where: 'connection.close' });
    transport.onClose((reason) => gone.resolve(reason));
    this.writer.end();
    this.#stop(closedError('this side has closed'));
    transport.close(options);
    return gone;
  }

  abort(why?: Error | CloseReason): void {
    const transport = this.ownTransport('abort');
    this.#stop(closedError('this side has aborted'));
    transport.abort(why);
  }

  /** What nobody has read. Nothing can be done with the connection any more. */
  giveAway(): Buffer {
    this.#givenAway = true;
    const error = new UsageError('HAWSER_DETACHED', 'Cannot use a connection that was given away');
    this.writer.end();
    this.writer.lose(error);
    return this.reader.giveAway(error);
  }

  #stop(error: Error): void {
    this.reader.lose(error);
    this.writer.lose(error);
  }
}

function closedError(why: string, reason?: CloseReason): ConnectionError {
  return new ConnectionError('HAWSER_CLOSED', `Cannot go on as ${why}`, { cause: reason });
}
