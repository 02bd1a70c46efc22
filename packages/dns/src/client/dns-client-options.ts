// What can be said about how servers are asked.
import type { OperationOptions, Reactor } from '@hawser/core';
import type { EdnsOptionData } from '../message/edns.ts';
import type { TsigKey } from '../tsig/key.ts';
import type { DnsServerLike } from './dns-server.ts';
import type { HttpsExchange } from './https-exchange.ts';

/** Options for `DnsClient`. */
export interface DnsClientOptions {
  readonly reactor: Reactor;
  /** Whom `DnsClient.query` asks, best first. */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** Begin with another server each time. @defaultValue false */
  readonly rotate?: boolean | undefined;
  /** Longest first wait for a server, in milliseconds; doubled each round, to at most 8 seconds. @defaultValue 2_000 */
  readonly timeoutMs?: number | undefined;
  /** Rounds over the servers. @defaultValue 3 */
  readonly attempts?: number | undefined;
  /** Longest wait for everything, in milliseconds. @defaultValue 20_000 */
  readonly deadlineMs?: number | undefined;
  /** Size for replies in datagrams to announce with EDNS; 0 does without EDNS. @defaultValue 1232 */
  readonly udpPayloadBytes?: number | undefined;
  /** Spell names at random in datagrams, and insist on the same spelling in replies. @defaultValue true */
  readonly mixedCase?: boolean | undefined;
  /** DNS cookies (RFC 7873). @defaultValue true */
  readonly cookies?: boolean | undefined;
  /** Datagrams that claim to be from the server and are no reply, after which TCP is used. @defaultValue 3 */
  readonly maxMismatches?: number | undefined;
  /** Questions at a time, each with a UDP port of its own. @defaultValue 1_000 */
  readonly maxInFlight?: number | undefined;
  /** Questions that may wait for their turn; more fail. @defaultValue 10_000 */
  readonly maxWaiting?: number | undefined;
  /** Connections to one server. @defaultValue 2 */
  readonly maxConnections?: number | undefined;
  /** Questions at a time on one connection. @defaultValue 500 */
  readonly maxInFlightPerConnection?: number | undefined;
  /** How long a connection nobody needs stays open, in milliseconds, unless the server says. @defaultValue 10_000 */
  readonly idleMs?: number | undefined;
  /** Servers to remember. @defaultValue 1_000 */
  readonly maxServers?: number | undefined;
  /** How to ask servers with `https`: `dohExchange` of `@hawser/dns/http`. */
  readonly https?: HttpsExchange | undefined;
}

/** Options for `DnsClient.exchange`. */
export interface ExchangeOptions extends OperationOptions {
  /** Longest first wait, in milliseconds. @defaultValue that of the client */
  readonly timeoutMs?: number | undefined;
  /** How often to send a datagram until there is a reply. @defaultValue that of the client */
  readonly attempts?: number | undefined;
  /** Use TCP at once. @defaultValue false */
  readonly stream?: boolean | undefined;
  /** Sign what is sent, and insist on signed replies (RFC 8945). */
  readonly key?: TsigKey | undefined;
}

/** Options for `DnsClient.query`. */
export interface QueryOptions extends ExchangeOptions {
  /** @defaultValue those of the client */
  readonly servers?: readonly DnsServerLike[] | undefined;
  /** RD. @defaultValue true */
  readonly recursionDesired?: boolean | undefined;
  /** CD: the server is not to validate. @defaultValue false */
  readonly checkingDisabled?: boolean | undefined;
  /** AD: the server shall say whether it validated the data (RFC 6840 §5.7). @defaultValue false */
  readonly authenticData?: boolean | undefined;
  /** DO: signatures are wanted. @defaultValue false */
  readonly dnssecOk?: boolean | undefined;
  readonly options?: readonly EdnsOptionData[] | undefined;
}
