import type { ServerEvent } from './format-event.ts';

/** What a producer of events works with. */
export interface EventSender {
  /** What the peer saw last before it connected again, `undefined` the first time. */
  readonly lastEventId: string | undefined;
  /** Aborted when nothing can be sent any more: the peer has left, the server drains, or the stream was ended. */
  readonly signal: AbortSignal;
  /**
   * Queues an event. Settles when the peer can take more: wait for it. Rejects with ConnectionError `HAWSER_CLOSED` once
   * `signal` is aborted, and with `HAWSER_WRITE_QUEUE_FULL` when more than `maxBufferedBytes` wait for the peer, which
   * ends the stream: a client connects again with `Last-Event-ID`. These two need no handler.
   *
   * @throws TypeError for an event that cannot be written
   */
  readonly send: (event: ServerEvent | string) => Promise<void>;
  /** Ends the stream once everything queued is sent. Clients connect again: answer 204 then to stop them. */
  readonly end: () => void;
}
