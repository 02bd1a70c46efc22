import type { AnswerMessage, PartMessage, RequestMessage } from './channel.ts';

/** A worker, as those see it who give it work. One request at a time. */
export interface Lane {
  /** Gives it a request. Its memory is given away with it. @throws DOMException `DataCloneError` */
  begin(message: RequestMessage): void;
  /** Sends more of it. @throws DOMException `DataCloneError` */
  send(message: PartMessage): void;
  /** Octets of a streamed answer have been taken: the thread may go on. */
  taken(bytes: number): void;
  /** Nobody wants the answer: what blocks in the thread throws from now on. */
  cancel(): void;
  /** Lets the process end although the thread is there. */
  rest(): void;
  /** Ends it, whatever it does; `lost` follows. */
  end(): void;
}

/** Who hears of a {@link Lane}. */
export interface LaneEvents {
  /** The module is loaded. */
  ready(lane: Lane): void;
  /** The module cannot be used. */
  unusable(lane: Lane, error: Error): void;
  answered(lane: Lane, message: AnswerMessage): void;
  /** The thread is gone: once, last. `error` is what nobody caught in it. */
  lost(lane: Lane, error: Error | undefined): void;
}
