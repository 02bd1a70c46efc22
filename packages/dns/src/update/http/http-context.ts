import type { Address, Reactor } from '@hawser/core';

/** What a handler of updates over HTTP needs to know besides the request. The context of `@hawser/http` is one. */
export interface HttpUpdateContext {
  readonly reactor: Pick<Reactor, 'clock' | 'random' | 'reports'>;
  /** Where the request came from. */
  readonly peer?: Address | undefined;
}

/** Answers a request. Never rejects. The same `Request` and `Response` as those of the platform. */
export type HttpUpdateHandler = (request: Request, context: HttpUpdateContext) => Promise<Response>;
