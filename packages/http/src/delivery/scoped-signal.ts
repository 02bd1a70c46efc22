import type { HttpContext } from '../contract/http-handler.ts';

/**
 * Puts a signal of its own in the place of `signal` of a request and its context: aborted with theirs, or by `abort`. The
 * objects stay the same, as others know them. Nothing is made before somebody asks for the signal.
 */
export class ScopedSignal {
  readonly #outer: () => AbortSignal;
  readonly #restore: () => void;
  #controller: AbortController | undefined;
  #reason: { readonly error: Error } | undefined;
  #unfollow: (() => void) | undefined;

  constructor(request: Request, context: HttpContext) {
    const before = [request, context].map((target) => ({
      target,
      property: Object.getOwnPropertyDescriptor(target, 'signal'),
    }));
    this.#outer = signalBefore(context, before[1]?.property);
    this.#restore = () => {
      for (const { target, property } of before) {
        if (property) Object.defineProperty(target, 'signal', property);
        else Reflect.deleteProperty(target, 'signal');
      }
    };
    const property = { configurable: true, enumerable: true, get: () => this.#signal() };
    Object.defineProperty(request, 'signal', property);
    Object.defineProperty(context, 'signal', property);
  }

  /** For good: who asks for the signal now gets it aborted. */
  abort(error: Error): void {
    this.#reason ??= { error };
    this.#controller?.abort(error);
    this.#unfollow?.();
  }

  /** Everything is as it was before. The signal goes on to follow the outer one for who has it. */
  end(): void {
    if (!this.#reason) this.#restore();
  }

  #signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.#reason) {
      controller.abort(this.#reason.error);
      return controller.signal;
    }
    const outer = this.#outer();
    const follow = (): void => controller.abort(outer.reason);
    if (outer.aborted) follow();
    else outer.addEventListener('abort', follow, { once: true });
    this.#unfollow = () => outer.removeEventListener('abort', follow);
    return controller.signal;
  }
}

/** How the signal is asked for when ours is not there. */
function signalBefore(
  context: HttpContext,
  property: PropertyDescriptor | undefined,
): () => AbortSignal {
  if (property) return () => (property.get ? property.get.call(context) : property.value);
  return () => Reflect.get(Object.getPrototypeOf(context) as object, 'signal', context);
}
