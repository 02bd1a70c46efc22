import type { AnswerMessage, PartMessage, RequestMessage } from '../../src/blocking/channel.ts';
import type { Lane, LaneEvents } from '../../src/blocking/lane.ts';

/** A worker without a thread, which does what the test says. */
export class FakeLane implements Lane {
  readonly log: string[] = [];
  readonly parts: PartMessage[] = [];
  request: RequestMessage | undefined;
  takenBytes = 0;
  readonly #events: LaneEvents;

  constructor(events: LaneEvents) {
    this.#events = events;
  }

  begin(message: RequestMessage): void {
    this.request = message;
    this.log.push(`begin ${message.id}`);
  }

  send(message: PartMessage): void {
    this.parts.push(message);
  }

  taken(bytes: number): void {
    this.takenBytes += bytes;
  }

  cancel(): void {
    this.log.push('cancel');
  }

  rest(): void {
    this.log.push('rest');
  }

  end(): void {
    this.log.push('end');
  }

  ready(): void {
    this.#events.ready(this);
  }

  unusable(error: Error): void {
    this.#events.unusable(this, error);
  }

  /** Answers the request it has. */
  answer(message: AnswerMessage): void {
    this.#events.answered(this, message);
  }

  done(body = 'done'): void {
    const id = this.request?.id ?? 0;
    this.answer({ at: 'done', id, head: { status: 200, fields: [] }, body });
  }

  lost(error?: Error): void {
    this.#events.lost(this, error);
  }
}
