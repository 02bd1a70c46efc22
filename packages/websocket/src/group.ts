import { refuseUpgrade, type UpgradeHandler } from '@hawser/http';
import { CloseCode } from './close-code.ts';
import { encodeFrame } from './frame.ts';
import { webSocket } from './server.ts';
import { toJson } from './to-json.ts';
import { checkLimit, type WebSocketOptions } from './web-socket-options.ts';
import type { WebSocketSession } from './web-socket-session.ts';

/** Options for {@link Group}. */
export interface GroupOptions extends WebSocketOptions {
  /** Members at most; one more is refused with 503. @defaultValue 10_000 */
  readonly maxMembers?: number | undefined;
  /**
   * What becomes of a member that lets more than its `maxBufferedBytes` wait: `close` ends its session with 1013, `skip`
   * leaves the message out for it. @defaultValue 'close'
   */
  readonly slowMember?: 'close' | 'skip' | undefined;
  /**
   * Called with each new member by `join`, before any broadcast reaches it: to send what it needs to know first. What it throws
   * is reported and ends the session with 1011.
   */
  readonly joined?: ((member: WebSocketSession) => void | Promise<void>) | undefined;
  /** Called with what a member sends. Without it messages of members are ignored. */
  readonly messageReceived?:
    | ((message: string | Buffer, from: WebSocketSession) => void | Promise<void>)
    | undefined;
}

/** Who a {@link Group.broadcast} reached. */
export interface BroadcastResult {
  /** Members the message is on its way to; not necessarily arrived. */
  readonly sent: number;
  /** Members that were too slow for it. */
  readonly dropped: number;
}

/**
 * Sessions that hear the same messages. A broadcast reaches each member at most once, in the order of the broadcasts,
 * and never waits for a slow one.
 *
 * @example
 * const watchers = new Group();
 * serve('tcp://:8080', http(app, { websocket: { '/live': watchers.join } }));
 * watchers.broadcast({ temperature: 21 });
 */
export class Group {
  /** Makes a member of whoever connects. */
  readonly join: UpgradeHandler;
  /** With what ends the wish to hear of the member's end. */
  readonly #members = new Map<WebSocketSession, Disposable>();
  readonly #maxMembers: number;
  readonly #slowMember: 'close' | 'skip';

  constructor(options: GroupOptions = {}) {
    const { maxMembers = 10_000, slowMember = 'close', joined, messageReceived } = options;
    checkLimit('maxMembers', maxMembers);
    this.#maxMembers = maxMembers;
    this.#slowMember = slowMember;
    const accept = webSocket((session) => {
      this.add(session);
      joined?.(session)?.catch((thrown: unknown) => {
        session.reactor.reports.problem('websocket.session', thrown);
        session.close(CloseCode.ServerError);
      });
      return {
        messageReceived: (message) => messageReceived?.(message, session),
      };
    }, options);
    this.join = (request, socket, head, context) => {
      if (this.#isFull) refuseUpgrade(socket, { transport: context.transport, status: 503 });
      else accept(request, socket, head, context);
    };
  }

  get size(): number {
    return this.#members.size;
  }

  /** Makes a member of a session that began elsewhere, until it is over. False when full or over already. */
  add(session: WebSocketSession): boolean {
    if (this.#members.has(session)) return true;
    if (this.#isFull || !session.open) return false;
    this.#members.set(
      session,
      session.onClosed(() => this.remove(session)),
    );
    return true;
  }

  /** Leaves the session open. */
  remove(session: WebSocketSession): void {
    this.#members.get(session)?.[Symbol.dispose]();
    this.#members.delete(session);
  }

  /**
   * Sends to every member: strings as text, bytes as bytes, anything else as JSON.
   * @throws UsageError `HAWSER_WEBSOCKET_NOT_JSON`
   */
  broadcast(message: unknown): BroadcastResult {
    const binary = message instanceof Uint8Array;
    const text = binary ? undefined : typeof message === 'string' ? message : toJson(message);
    const payload = binary ? message : Buffer.from(text ?? '');
    const frame = encodeFrame(binary ? 'binary' : 'text', payload);
    let sent = 0;
    let dropped = 0;
    for (const member of this.#members.keys()) {
      if (!member.open) continue;
      const late = !member.hasRoom(frame.length);
      if (late) dropped += 1;
      else sent += 1;
      if (late && this.#slowMember === 'skip') continue;
      if (late) member.close(CloseCode.TryAgainLater, 'too slow');
      else if (member.takesFrames) member.sendFrame(frame);
      else member.send(text ?? payload);
    }
    return { sent, dropped };
  }

  /** Says goodbye to every member. @throws RangeError as {@link WebSocketSession.close} */
  close(code: number = CloseCode.Normal, reason = ''): void {
    for (const member of this.#members.keys()) member.close(code, reason);
  }

  get #isFull(): boolean {
    return this.#members.size >= this.#maxMembers;
  }
}
