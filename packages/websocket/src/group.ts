import type { UpgradeHandler } from '@hawser/http';
import { CloseCode } from './close-code.ts';
import { encodeFrame } from './frame.ts';
import { webSocket } from './server.ts';
import { toJson } from './to-json.ts';
import type { WebSocketOptions } from './web-socket-options.ts';
import type { WebSocketSession } from './web-socket-session.ts';

/** Options for {@link Group}. */
export interface GroupOptions extends WebSocketOptions {
  /** Members at most; one more is closed with 1013. @defaultValue 10_000 */
  readonly maxMembers?: number | undefined;
  /**
   * What becomes of a member with more than `maxBufferedBytes` waiting: `close` ends its session with 1013, `skip`
   * leaves the message out for it. @defaultValue 'close'
   */
  readonly slowMember?: 'close' | 'skip' | undefined;
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
  readonly #members = new Set<WebSocketSession>();
  readonly #maxMembers: number;
  readonly #maxBufferedBytes: number;
  readonly #slowMember: 'close' | 'skip';

  constructor(options: GroupOptions = {}) {
    const {
      maxMembers = 10_000,
      maxBufferedBytes = 1_048_576,
      slowMember = 'close',
      messageReceived,
    } = options;
    this.#maxMembers = maxMembers;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#slowMember = slowMember;
    this.join = webSocket((session) => {
      if (!this.add(session)) {
        session.close(CloseCode.TryAgainLater, 'full');
        return undefined;
      }
      return {
        messageReceived: (message) => messageReceived?.(message, session),
        closed: () => this.remove(session),
      };
    }, options);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Makes a member of a session that began elsewhere; its `closed` must call `remove`. False when full. */
  add(session: WebSocketSession): boolean {
    if (this.#members.size >= this.#maxMembers) return false;
    this.#members.add(session);
    return true;
  }

  /** Leaves the session open. */
  remove(session: WebSocketSession): void {
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
    for (const member of this.#members) {
      if (!member.open) continue;
      const late = member.bufferedBytes + frame.length > this.#maxBufferedBytes;
      if (late) dropped += 1;
      else sent += 1;
      if (late && this.#slowMember === 'skip') continue;
      // A member that is late is closed by its own limit, which is the same.
      if (member.takesFrames) member.sendFrame(frame);
      else member.send(text ?? payload);
    }
    return { sent, dropped };
  }

  /** Says goodbye to every member. */
  close(code: number = CloseCode.Normal, reason = ''): void {
    for (const member of this.#members) member.close(code, reason);
  }
}
