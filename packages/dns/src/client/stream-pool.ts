// The connections to one server, made when they are needed and shared by all who ask it.
import { Deferred, fail, type Reactor, succeed, TimeoutError, toError } from '@hawser/core';
import type { DnsMessage } from '../message/parse-message.ts';
import type { Attempt } from './attempt.ts';
import { DnsClientError } from './client-error.ts';
import type { DnsServer } from './dns-server.ts';
import { openChannel } from './open-channel.ts';
import { StreamChannel } from './stream-channel.ts';

/** Limits of a {@link StreamPool}. */
export interface StreamPoolLimits {
  /** Connections to one server at a time. */
  readonly maxConnections: number;
  /** Questions that may wait for answers on one connection. */
  readonly maxInFlight: number;
  /** How long a connection nobody needs stays open, in milliseconds. */
  readonly idleMs: number;
  readonly connectTimeoutMs: number;
}

/** Connections to one server. */
export class StreamPool {
  readonly #reactor: Reactor;
  readonly #server: DnsServer;
  readonly #limits: StreamPoolLimits;
  /** Those that take questions. */
  readonly #channels = new Set<StreamChannel>();
  /** All of them, until they are gone: those for transfers, those to come, and those that are being closed. */
  readonly #alive = new Set<StreamChannel>();
  readonly #opening = new Set<Deferred<StreamChannel>>();
  #connecting: Deferred<StreamChannel> | undefined;
  #closed = false;

  constructor(reactor: Reactor, server: DnsServer, limits: StreamPoolLimits) {
    this.#reactor = reactor;
    this.#server = server;
    this.#limits = limits;
  }

  /** True if it holds nothing open. */
  get empty(): boolean {
    return this.#alive.size === 0;
  }

  /**
   * Asks once. `make` is called when there is a connection, with an id that is free on it. A connection that was used before
   * may have been closed by the server at the same moment: then, if it may, it asks once more on a new one (RFC 7766 §6.2.4).
   * @throws DnsClientError `HAWSER_DNS_NETWORK`, `HAWSER_DNS_BUSY`, `HAWSER_DNS_REPLY`
   */
  exchange(
    make: (id: number, channel: StreamChannel) => Attempt,
    { repeatable }: { readonly repeatable: boolean },
  ): Deferred<DnsMessage> {
    return this.#channel().addCallback((channel) => {
      const used = channel.heard && repeatable;
      return this.#ask(channel, make).addErrback((error): Deferred<DnsMessage> => {
        const lost = error instanceof DnsClientError && error.code === 'HAWSER_DNS_NETWORK';
        if (!lost || !used || this.#closed) throw error;
        return this.#channel().addCallback((fresh) => this.#ask(fresh, make));
      });
    });
  }

  /** A new connection that nobody else uses; whoever has it aborts it. */
  open(): Deferred<StreamChannel> {
    const opening = this.#open();
    this.#opening.add(opening);
    void opening.addBoth(() => void this.#opening.delete(opening));
    return opening;
  }

  /** Aborts every connection. Whoever waits gets `HAWSER_DNS_NETWORK`. */
  close(): void {
    this.#closed = true;
    this.#connecting?.cancel();
    for (const opening of this.#opening) opening.cancel();
    for (const channel of this.#alive) channel.abort();
  }

  #channel(): Deferred<StreamChannel> {
    for (const channel of this.#channels) if (channel.free) return succeed(channel);
    const connecting = this.#connecting ?? this.#connect();
    if (connecting === undefined) {
      const why = `Cannot ask ${this.#server.text} as all ${this.#channels.size} connections are busy`;
      return fail(new DnsClientError('HAWSER_DNS_BUSY', why));
    }
    // Who gives up waiting does not end it for the others.
    const waiting = new Deferred<StreamChannel>({ where: 'dns.connect' });
    void connecting.addBoth((outcome) => {
      if (outcome.state === 'rejected') waiting.reject(outcome.error);
      else waiting.resolve(outcome.value.free ? outcome.value : this.#channel());
    });
    return waiting;
  }

  #connect(): Deferred<StreamChannel> | undefined {
    if (this.#channels.size >= this.#limits.maxConnections || this.#closed) return undefined;
    const connecting = this.#open();
    this.#connecting = connecting;
    void connecting.addBoth((outcome) => {
      this.#connecting = undefined;
      // It may be gone already.
      if (outcome.state === 'fulfilled' && outcome.value.free) this.#channels.add(outcome.value);
    });
    return connecting;
  }

  #open(): Deferred<StreamChannel> {
    const { idleMs, maxInFlight, connectTimeoutMs: timeoutMs } = this.#limits;
    const channel = new StreamChannel({
      where: this.#server.text.replace(/^udp:/, 'tcp:'),
      idleMs,
      maxInFlight,
      retired: () => void this.#channels.delete(channel),
      gone: () => void this.#alive.delete(channel),
    });
    this.#alive.add(channel);
    const opening = openChannel(this.#reactor, this.#server, { channel, timeoutMs });
    return opening.addErrback((error): never => {
      this.#alive.delete(channel);
      throw toError(error);
    });
  }

  #ask(
    channel: StreamChannel,
    make: (id: number, channel: StreamChannel) => Attempt,
  ): Deferred<DnsMessage> {
    let id = this.#reactor.random.bytes(2).readUInt16BE();
    while (channel.has(id)) id = (id + 1) & 0xffff;
    const attempt = make(id, channel);
    const answer = new Deferred<DnsMessage>({
      where: 'dns.stream',
      canceller: ({ cause }) => {
        channel.forget(id);
        // Whoever does not answer one question in time is not trusted with the next.
        if (cause instanceof TimeoutError) channel.retire();
      },
    });
    channel.send(attempt.bytes, {
      received: (reply) => {
        const verdict = attempt.judge(reply);
        if ('kind' in verdict) answer.reject(verdict.error);
        else answer.resolve(verdict);
        return false;
      },
      lost: (error) => answer.reject(error),
    });
    return answer;
  }
}
