import type { Reactor } from '@hawser/core';
import { codeAnswer, type Outcome } from '../contract/answer.ts';
import { compose, type DnsHandler, type Next } from '../contract/handler.ts';
import type { DnsQuery } from '../contract/query.ts';
import { forwardUnchanged } from '../handlers/forward-unchanged.ts';
import { startHandlers, stopHandlers } from '../handlers/handler-lifecycle.ts';
import { Opcode, Rcode } from '../numbers.ts';
import { originsOf, type Served, toHandlers } from './to-handlers.ts';

/** Handlers as one function, started for the first who uses them and stopped after the last. */
export class HandlerChain {
  /** The origins of the zones among them, for people. */
  readonly origins: string;
  /** Asks the first of them. What all of them pass on is refused. */
  readonly ask: Next;
  readonly #handlers: readonly DnsHandler[];
  #starting: Promise<void> | undefined;
  #users = 0;

  /** @throws UsageError `HAWSER_DNS_OPTIONS` for zones that share an origin, or nothing to serve */
  constructor(served: Served) {
    this.origins = originsOf(served);
    this.#handlers = toHandlers(served);
    this.ask = compose(this.#handlers, (query) =>
      codeAnswer(query.opcode === Opcode.Query ? Rcode.Refused : Rcode.NotAuth),
    );
  }

  /** What is said to an update that one of them passes on as it is; undefined if none does. */
  forwardUnchanged(query: DnsQuery): Promise<Outcome | Buffer> | undefined {
    return forwardUnchanged(this.#handlers, query);
  }

  /** True from the first start to the last stop. */
  get used(): boolean {
    return this.#users > 0;
  }

  /** Settles when all of them have started, whoever asked for it. Each start, even a failed one, needs a {@link stop}. */
  start(reactor: Reactor): Promise<void> {
    this.#users++;
    this.#starting ??= startHandlers(this.#handlers, reactor);
    return this.#starting;
  }

  async stop(): Promise<void> {
    if (this.#users === 0) return;
    this.#users--;
    if (this.#users > 0) return;
    const starting = this.#starting;
    this.#starting = undefined;
    try {
      await starting;
    } catch {
      // What failed to start has stopped whatever had started before it.
      return;
    }
    await stopHandlers(this.#handlers);
  }
}
