import type { Answer, HttpContext } from '../contract/http-handler.ts';
import type { RoutedRequest } from './routed-request.ts';

/** A class of errors. */
export type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** Answers a request whose handler failed with `error`. A throw goes to the router around this one. */
export type ErrorHandler<E extends Error> = (
  error: E,
  request: RoutedRequest,
  context: HttpContext,
) => Answer;

interface Entry {
  readonly type: ErrorClass<Error>;
  readonly depth: number;
  readonly handler: ErrorHandler<never>;
}

/** What one router does about errors: the handler of the most specific class counts. */
export class ErrorHandlers {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** False if the class has a handler already. */
  add<E extends Error>(type: ErrorClass<E>, handler: ErrorHandler<E>): boolean {
    if (this.#entries.some((entry) => entry.type === type)) return false;
    this.#entries.push({ type, depth: depthOf(type), handler });
    this.#entries.sort((a, b) => b.depth - a.depth);
    return true;
  }

  /** The handler of exactly that class. */
  of<E extends Error>(type: ErrorClass<E>): ErrorHandler<E> | undefined {
    const found = this.#entries.find((entry) => entry.type === type);
    return found?.handler as ErrorHandler<E> | undefined;
  }

  find(error: Error): ErrorHandler<Error> | undefined {
    const found = this.#entries.find((entry) => error instanceof entry.type);
    return found?.handler as ErrorHandler<Error> | undefined;
  }
}

function depthOf(type: ErrorClass<Error>): number {
  let depth = 0;
  for (let at: unknown = type.prototype; at !== null; at = Object.getPrototypeOf(at)) depth += 1;
  return depth;
}
