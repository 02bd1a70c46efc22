// Who answers.
import type { Reactor } from '@hawser/core';
import type { Name } from '../name.ts';
import type { Outcome } from './answer.ts';
import type { DnsQuery } from './query.ts';

/** At once, or later. */
export type Eventually<T> = T | PromiseLike<T>;

/** Asks the handlers behind. With another query it asks them something else. */
export type Next = (query: DnsQuery) => Eventually<Outcome>;

/**
 * Answers a query, or lets `next` do it, or changes what `next` says. A throw or a rejection is reported and answered with
 * SERVFAIL. Answer at once where you can: a promise costs more than most answers.
 */
export type DnsHandlerFunction = (query: DnsQuery, next: Next) => Eventually<Outcome>;

/** A handler that needs to know when a server with it runs. */
export interface DnsHandlerObject {
  handle(query: DnsQuery, next: Next): Eventually<Outcome>;
  /**
   * Passes on an UPDATE that is signed with a key of which the server has none by that name: it may be for another server, where it goes
   * octet by octet, as does its reply (RFC 8945 §5.5). Gives what is said there, with any id, or an outcome of its own; undefined for what is not
   * to be passed on, which the next handler is asked about. Where all of them say so the reply is BADKEY. Nobody has verified who signed
   * it: `tsigKey` is undefined. Handlers without this, and functions, are passed over.
   */
  forwardUnchanged?(query: DnsQuery): Promise<Outcome | Buffer> | undefined;
  /** The first server that uses it starts; before any query. A failure stops the start. */
  started?(reactor: Reactor): Eventually<void>;
  /** The last server that uses it has stopped; after any query. */
  stopped?(): Eventually<void>;
}

/** A handler as it is composed: in a list the first is the outermost. */
export type DnsHandler = DnsHandlerFunction | DnsHandlerObject;

/**
 * Answers for every name at or below `origin`, of all zones of a server only where it is the closest. Beside each other in
 * a list of handlers, authorities are one handler: each query goes to the one with the longest origin above its name.
 */
export interface Authority extends DnsHandlerObject {
  readonly origin: Name;
}

/** One function of several handlers; `last` answers what all of them pass on. */
export function compose(handlers: readonly DnsHandler[], last: Next): Next {
  return handlers.reduceRight<Next>((next, handler) => {
    if (typeof handler === 'function') return (query) => handler(query, next);
    return (query) => handler.handle(query, next);
  }, last);
}
