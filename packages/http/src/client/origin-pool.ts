import { Deferred, type DelayedCall, type Reactor } from '@hawser/core';
import type { ClientSession, SessionOwner } from './client-session.ts';
import { HttpRequestError } from './http-request-error.ts';

/** What a pool is limited to, and how it makes connections. */
export interface OriginPoolOptions {
  readonly maxConnections: number;
  readonly maxQueued: number;
  /** Longest a request waits for a connection, in milliseconds; 0 for ever. */
  readonly queueMs: number;
  /** Makes a connection whose session belongs to `owner`. */
  dial(owner: SessionOwner): Deferred<ClientSession>;
  /** Whether a connection may turn out to be one that all who wait can share. */
  mayBeShared(): boolean;
  /** A connection is there: it can be shared, or not. */
  turnedOut(shared: boolean): void;
  /** The server wants HTTP/1.1. */
  downgraded(): void;
  /** Whether one more connection may be made, for all pools. */
  admits(): boolean;
  /** A connection has nothing to do. */
  rests(): void;
  /** There are fewer connections, or none at all and nobody who waits. */
  shrunk(): void;
}

interface Waiter {
  readonly answer: Deferred<ClientSession>;
  timer: DelayedCall | undefined;
  /** Wants a connection that has carried nothing yet. */
  readonly fresh: boolean;
}

/** The connections to one destination: used ones are taken again, the last first, so that the others can go. */
export class OriginPool implements SessionOwner {
  readonly #reactor: Reactor;
  readonly #options: OriginPoolOptions;
  readonly #all = new Set<ClientSession>();
  /** Those that can take a request, in the order in which they became so. */
  readonly #ready: ClientSession[] = [];
  readonly #dials = new Set<Deferred<unknown>>();
  readonly #waiters = new Set<Waiter>();
  #retired = false;
  /** Ends so that somebody who waits for a new one gets its place. */
  #makesRoom: ClientSession | undefined;
  /** A connection is given up that is being made. */
  #givingUp = false;

  constructor(reactor: Reactor, options: OriginPoolOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  /** Connections, those being made included. */
  get size(): number {
    return this.#all.size + this.#dials.size;
  }
  get waiting(): number {
    return this.#waiters.size;
  }
  get empty(): boolean {
    return this.size === 0 && this.#waiters.size === 0;
  }
  get idle(): number {
    return this.#ready.reduce((sum, { active }) => sum + (active === 0 ? 1 : 0), 0);
  }

  /** A session that can take a request now: start it in the turn in which it is given. */
  acquire(options: { readonly fresh: boolean }): Deferred<ClientSession> {
    const { fresh } = options;
    const found = fresh ? undefined : this.#takeReady();
    const waiter: Waiter = {
      answer: new Deferred<ClientSession>({
        canceller: () => this.#leave(waiter),
        where: 'http queue',
      }),
      timer: undefined,
      fresh,
    };
    if (found) {
      waiter.answer.resolve(found);
      return waiter.answer;
    }
    if (this.#waiters.size >= this.#options.maxQueued) {
      const text = `Cannot wait for a connection as ${this.#waiters.size} requests do already`;
      waiter.answer.reject(queueError('HAWSER_HTTP_QUEUE_FULL', text));
      return waiter.answer;
    }
    this.#waiters.add(waiter);
    const { queueMs } = this.#options;
    if (queueMs > 0) {
      waiter.timer = this.#reactor.clock.callLater(queueMs, () => {
        const text = `Cannot get a connection within ${queueMs} ms as all are busy`;
        this.#leave(waiter);
        waiter.answer.reject(queueError('HAWSER_HTTP_TIMEOUT', text));
      });
    }
    this.dialMore();
    return waiter.answer;
  }

  /** Makes connections as long as somebody waits for one that nobody makes. */
  dialMore(): void {
    // Whoever wants a new connection gets the place of one that waits for work.
    const full = this.size >= this.#options.maxConnections;
    if (full && this.#waiters.size > this.#dials.size) this.closeOldestIdle();
    while (this.#wantsDial() && this.size < this.#options.maxConnections) {
      if (!this.#options.admits()) return;
      this.#dial();
    }
  }

  /** Ends the connection that was idle for the longest time. False if there is none. */
  closeOldestIdle(): boolean {
    const session = this.#ready.find(({ active }) => active === 0);
    session?.close();
    return session !== undefined;
  }

  /** From now on a connection ends when its work is done. */
  retire(): void {
    this.#retired = true;
    for (const session of this.#ready.slice()) session.close();
  }

  abortAll(error: Error): void {
    for (const waiter of this.#waiters) {
      this.#leave(waiter);
      waiter.answer.reject(error);
    }
    for (const dialing of this.#dials) dialing.cancel(error);
    for (const session of this.#all) session.abort(error);
  }

  // --- what sessions say ---

  available(session: ClientSession): void {
    if (!this.#all.has(session)) return;
    if (this.#shouldMakeRoom(session)) {
      this.#makesRoom = session;
      session.close();
      return;
    }
    // Whoever gets it may start in a moment: its capacity says nothing before that.
    for (let room = session.capacity; room > 0; room--) {
      const waiter = this.#next(session);
      if (!waiter) {
        this.#keepReady(session);
        return;
      }
      waiter.answer.resolve(session);
    }
    // It has no room for those who still wait, if any.
    if (session.multiplexes) this.dialMore();
  }

  #keepReady(session: ClientSession): void {
    // It may have been used up meanwhile.
    if (session.capacity === 0) return;
    if (this.#retired) {
      session.close();
      return;
    }
    if (!this.#ready.includes(session)) this.#ready.push(session);
    if (session.active === 0) this.#options.rests();
  }

  downgraded(): void {
    this.#options.downgraded();
  }

  spent(session: ClientSession): void {
    remove(this.#ready, session);
    // It may be busy for long, while somebody waits whom it could have served.
    if (session.multiplexes && this.#waiters.size > 0) {
      this.#reactor.clock.callSoon(() => this.dialMore());
    }
  }

  gone(session: ClientSession): void {
    remove(this.#ready, session);
    if (!this.#all.delete(session)) return;
    if (this.#makesRoom === session) this.#makesRoom = undefined;
    this.dialMore();
    this.#options.shrunk();
  }

  // --- making connections ---

  /** One connection for each who waits; but one for all of them, where it may be shared. */
  #wantsDial(): boolean {
    if (this.#waiters.size <= this.#dials.size) return false;
    if (!this.#options.mayBeShared()) return true;
    if (this.#dials.size > 0) return false;
    for (const session of this.#all) if (session.settling) return false;
    return true;
  }

  #dial(): void {
    const dialing = this.#options.dial(this);
    this.#dials.add(dialing);
    void dialing.addBoth((outcome) => {
      this.#dials.delete(dialing);
      if (outcome.state === 'fulfilled') {
        const session = outcome.value;
        this.#options.turnedOut(session.multiplexes);
        this.#all.add(session);
        // It may be gone already: then it has said so, to nobody.
        if (session.capacity > 0) this.available(session);
        else if (!session.settling) this.gone(session);
        this.dialMore();
        return;
      }
      // Nobody waits any more, or the wait was ended: then there is nobody to tell.
      if (!this.#givingUp) this.#dialFailed(outcome.error);
      this.dialMore();
      this.#options.shrunk();
    });
  }

  /** Told to whoever it was made for: all who wait, if it was the only one and they would have shared it. */
  #dialFailed(error: unknown): void {
    const forAll = this.#options.mayBeShared() && this.size === 0;
    const told: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (told.length > 0 && !forAll) break;
      told.push(waiter);
    }
    for (const waiter of told) this.#leave(waiter);
    for (const waiter of told) waiter.answer.reject(error);
  }

  #takeReady(): ClientSession | undefined {
    for (;;) {
      const session = this.#ready.at(-1);
      if (!session) return undefined;
      // It comes back when it has room again.
      if (session.capacity <= 1) this.#ready.pop();
      if (session.capacity > 0) return session;
      if (session.active === 0) session.close();
    }
  }

  /** Whoever waits for a new connection would wait for ever while all of them are busy for others. */
  #shouldMakeRoom(session: ClientSession): boolean {
    const [first] = this.#waiters;
    if (!first?.fresh || !session.reused || session.capacity === 0) return false;
    return this.#dials.size === 0 && this.#makesRoom === undefined;
  }

  #next(session: ClientSession): Waiter | undefined {
    for (const waiter of this.#waiters) {
      if (waiter.fresh && session.reused) continue;
      this.#remove(waiter);
      return waiter;
    }
    return undefined;
  }

  /** Somebody does not wait any more: what is being made only for them is not wanted either. */
  #leave(waiter: Waiter): void {
    if (!this.#remove(waiter)) return;
    if (this.#dials.size <= this.#waiters.size) return;
    const last = [...this.#dials].at(-1);
    this.#givingUp = true;
    last?.cancel();
    this.#givingUp = false;
  }

  #remove(waiter: Waiter): boolean {
    waiter.timer?.cancel();
    return this.#waiters.delete(waiter);
  }
}

function queueError(
  code: 'HAWSER_HTTP_QUEUE_FULL' | 'HAWSER_HTTP_TIMEOUT',
  text: string,
): HttpRequestError {
  return new HttpRequestError(code, text, { phase: 'queue', sent: 'nothing' });
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
