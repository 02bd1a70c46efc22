// The servers a client knows, each with its connections and what was learned about it.
import type { Reactor } from '@hawser/core';
import { DnsClientError } from './client-error.ts';
import { type DnsServerLike, toDnsServer } from './dns-server.ts';
import { type PeerOptions, ServerPeer } from './server-peer.ts';

/** Finds the {@link ServerPeer} of a server. Forgets those that were not used for long. */
export class PeerTable {
  readonly #reactor: Reactor;
  readonly #options: PeerOptions;
  readonly #maxServers: number;
  /** Least recently used first. */
  readonly #peers = new Map<string, ServerPeer>();
  readonly #secrets = new WeakMap<object, number>();
  #lastSecret = 0;

  constructor(reactor: Reactor, options: PeerOptions & { readonly maxServers: number }) {
    this.#reactor = reactor;
    this.#options = options;
    this.#maxServers = options.maxServers;
  }

  /**
   * The peer of `like`, the same one for the same server.
   * @throws UsageError `HAWSER_DNS_OPTIONS`, DnsClientError `HAWSER_DNS_BUSY` if too many servers are talked to already
   */
  get(like: DnsServerLike): ServerPeer {
    const server = toDnsServer(like);
    const tls = typeof like === 'string' ? undefined : like.tls;
    const key = `${server.text} ${server.serverName} ${server.path} ${this.#numberOf(tls)}`;
    const peer =
      this.#peers.get(key) ??
      this.#makeRoomFor(new ServerPeer(this.#reactor, server, this.#options));
    this.#peers.delete(key);
    this.#peers.set(key, peer);
    return peer;
  }

  /** True if `test` is for one of them. */
  some(test: (peer: ServerPeer) => boolean): boolean {
    for (const peer of this.#peers.values()) if (test(peer)) return true;
    return false;
  }

  /** Aborts every connection. */
  close(): void {
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  #makeRoomFor(peer: ServerPeer): ServerPeer {
    if (this.#peers.size < this.#maxServers) return peer;
    for (const [key, { idle }] of this.#peers) {
      if (!idle) continue;
      this.#peers.delete(key);
      return peer;
    }
    const why = `Cannot ask another server as ${this.#peers.size} are being talked to`;
    throw new DnsClientError('HAWSER_DNS_BUSY', why);
  }

  /** Whom to trust makes a difference: connections are not shared between those who trust differently. */
  #numberOf(tls: object | undefined): number {
    if (tls === undefined) return 0;
    let number = this.#secrets.get(tls);
    if (number === undefined) {
      number = ++this.#lastSecret;
      this.#secrets.set(tls, number);
    }
    return number;
  }
}
