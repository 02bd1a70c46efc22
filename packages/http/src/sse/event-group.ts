import { exchangeOf } from '../web/http-request.ts';
import { HttpResponse } from '../web/http-response.ts';
import { EventQueue } from './event-queue.ts';
import type { EventSender } from './event-sender.ts';
import { type EventStreamOptions, eventStream, untilOver } from './event-stream.ts';
import { formatEvent, type ServerEvent } from './format-event.ts';
import { RecentEvents } from './recent-events.ts';

/** Options for {@link EventGroup}: those of each stream, and of the group. */
export interface EventGroupOptions extends EventStreamOptions {
  /** Members at most; one more is answered with 503. @defaultValue 10_000 */
  readonly maxMembers?: number | undefined;
  /**
   * What becomes of a member that lets more than `maxBufferedBytes` wait: `close` ends its stream, so that it connects
   * again and gets what it missed; `skip` leaves the event out for it. @defaultValue 'close'
   */
  readonly slowMember?: 'close' | 'skip' | undefined;
  /** How many events are remembered for members that come back. @defaultValue 0 */
  readonly keep?: number | undefined;
  /** How long these may be in all, in octets. @defaultValue 1_048_576 */
  readonly maxKeptBytes?: number | undefined;
  /**
   * Called with each new member, before the first broadcast reaches it: sends it what it has to know. It is a member by then:
   * a broadcast of it reaches all. What it throws cuts the member off, and is reported.
   */
  readonly joined?:
    | ((member: EventSender, how: EventGroupJoin) => void | Promise<void>)
    | undefined;
}

/** How a member came to an {@link EventGroup}. */
export interface EventGroupJoin {
  readonly request: Request;
  /** Everything it missed since `lastEventId` is on its way. False for one that is new, or was away for too long. */
  readonly resumed: boolean;
}

/** Who a {@link EventGroup.broadcast} reached. */
export interface EventBroadcast {
  /** Members the event is on its way to; not necessarily arrived. */
  readonly sent: number;
  /** Members that were too slow for it. */
  readonly dropped: number;
}

/**
 * Browsers that hear the same events. A broadcast is written once for all, in the order of the broadcasts, and never waits
 * for a slow member. With `keep` each event gets an id, unless it has one, by which a member that was away is sent what
 * it missed.
 *
 * @throws RangeError for a limit that is no whole number, or too small
 * @example
 * const news = new EventGroup({ keep: 100 });
 * const app = router()
 *   .get('/news', news.join)
 *   .post('/news', async (request) => HttpResponse.json(news.broadcast(await request.text())));
 */
export class EventGroup {
  /** Makes a member of whoever asks: a handler for GET. */
  readonly join: (request: Request) => HttpResponse;
  readonly #members = new Set<EventSender>();
  /** Those whose end is heard of, which may come and go. */
  readonly #heard = new WeakSet<EventSender>();
  readonly #maxMembers: number;
  readonly #slowMember: 'close' | 'skip';
  readonly #recent: RecentEvents | undefined;
  /** What ids of this group begin with, so that those of a process before this one are not taken for them. */
  #prefix: string | undefined;
  #lastId = 0;

  constructor(options: EventGroupOptions = {}) {
    const {
      maxMembers = 10_000,
      slowMember = 'close',
      keep = 0,
      maxKeptBytes = 1_048_576,
    } = options;
    for (const [name, value, least] of [
      ['maxMembers', maxMembers, 1],
      ['keep', keep, 0],
      ['maxKeptBytes', maxKeptBytes, 1],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < least) {
        throw new RangeError(
          `Cannot gather members as ${name} must be a whole number from ${least}: ${value}`,
        );
      }
    }
    this.#maxMembers = maxMembers;
    this.#slowMember = slowMember;
    if (keep > 0) this.#recent = new RecentEvents({ maxEvents: keep, maxBytes: maxKeptBytes });
    this.join = (request) => {
      if (this.#isFull) return HttpResponse.text('Service Unavailable', { status: 503 });
      return eventStream(
        request,
        (member) => {
          const resumed = this.#resume(member, request);
          if (!this.add(member)) {
            member.end();
            return undefined;
          }
          const welcomed = options.joined?.(member, { request, resumed });
          return welcomed instanceof Promise ? welcomed.then(() => untilOver(member)) : undefined;
        },
        options,
      );
    };
  }

  get size(): number {
    return this.#members.size;
  }

  /** Makes a member of a stream that began elsewhere, until it is over. False when full or over already. */
  add(member: EventSender): boolean {
    if (this.#members.has(member)) return true;
    if (this.#isFull || member.signal.aborted) return false;
    this.#members.add(member);
    if (!this.#heard.has(member)) {
      this.#heard.add(member);
      member.signal.addEventListener('abort', () => this.remove(member), { once: true });
    }
    return true;
  }

  /** Leaves the stream open. */
  remove(member: EventSender): void {
    this.#members.delete(member);
  }

  /** Sends to every member. @throws TypeError for an event that cannot be written */
  broadcast(event: ServerEvent | string): EventBroadcast {
    const whole = this.#withId(typeof event === 'string' ? { data: event } : event);
    const text = formatEvent(whole);
    const bytes = Buffer.byteLength(text);
    const { id } = whole;
    if (id !== undefined) this.#recent?.add({ id, text, bytes });
    let sent = 0;
    const slow: EventQueue[] = [];
    for (const member of this.#members) {
      if (!(member instanceof EventQueue)) void member.send(whole);
      else if (member.hasRoom(bytes)) member.pass(text, bytes);
      else {
        slow.push(member);
        continue;
      }
      sent += 1;
    }
    // Over its limit this ends it. After the others have the event, as whoever hears of the end may broadcast again.
    if (this.#slowMember === 'close') for (const member of slow) member.pass(text, bytes);
    return { sent, dropped: slow.length };
  }

  /** Ends the stream of every member. They connect again, unless what they ask is answered with 204 then. */
  close(): void {
    for (const member of this.#members) member.end();
  }

  get #isFull(): boolean {
    return this.#members.size >= this.#maxMembers;
  }

  #withId(event: ServerEvent): ServerEvent {
    // Before anybody has joined nobody can miss anything.
    if (!this.#recent || this.#prefix === undefined) return event;
    if (event.id !== undefined || event.data === undefined) return event;
    this.#lastId += 1;
    return { ...event, id: `${this.#prefix}-${this.#lastId}` };
  }

  /** Sends what a member missed. */
  #resume(member: EventSender, request: Request): boolean {
    const { reactor } = exchangeOf(request).transport;
    this.#prefix ??= reactor.random.bytes(6).toString('base64url');
    if (member.lastEventId === undefined || !(member instanceof EventQueue)) return false;
    const missed = this.#recent?.after(member.lastEventId);
    // With more than may wait it would be cut off, come back, and be cut off again.
    if (!missed || !member.hasRoom(missed.bytes)) return false;
    if (missed.bytes > 0) member.pass(missed.text, missed.bytes);
    return true;
  }
}
