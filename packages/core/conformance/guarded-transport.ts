import type { Protocol } from '../src/contract/protocol.ts';
import type { Transport } from '../src/contract/transport.ts';
import type { Asked } from './call-grammar.ts';

/** Knows whether a method of any transport of the session is on the stack. */
export class MethodStack {
  #depth = 0;

  get inside(): boolean {
    return this.#depth > 0;
  }

  within<T>(call: () => T): T {
    this.#depth += 1;
    try {
      return call();
    } finally {
      this.#depth -= 1;
    }
  }

  /** For `connectionMade`, which `handTo` may call at once. */
  withoutMethods(call: () => void): void {
    const depth = this.#depth;
    this.#depth = 0;
    try {
      call();
    } finally {
      this.#depth = depth;
    }
  }
}

/** `raw`, as the protocol of a case sees it: what is asked of it is noted down, for the call grammar. */
export function guard(
  raw: Transport,
  asked: { -readonly [K in keyof Asked]: Asked[K] },
  stack: MethodStack,
): Transport {
  const written = (more: boolean): boolean => {
    if (!more && !raw.ending) asked.owedDrained = true;
    return more;
  };
  const noted: Partial<Transport> = {
    write: (data) => written(stack.within(() => raw.write(data))),
    writeMany: (list) => written(stack.within(() => raw.writeMany(list))),
    pauseReading() {
      stack.within(() => raw.pauseReading());
      asked.paused = true;
    },
    resumeReading() {
      asked.paused = false;
      stack.within(() => raw.resumeReading());
    },
    close(options) {
      stack.within(() => raw.close(options));
      asked.closed = true;
    },
    abort(why) {
      stack.within(() => raw.abort(why));
      asked.closed = true;
    },
    handTo(next: Protocol, leftover) {
      // After `close` and `abort` there is nothing to hand on.
      asked.gone = !asked.closed;
      stack.within(() => raw.handTo(next, leftover));
    },
    ...(raw.detach && {
      detach: () => {
        asked.detached = true;
        return stack.within(() => raw.detach?.() ?? neverDetached());
      },
    }),
  };
  return new Proxy(raw, {
    get(target, name): unknown {
      if (Object.hasOwn(noted, name)) return Reflect.get(noted, name);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => stack.within((): unknown => value.apply(target, given));
    },
  });
}

function neverDetached(): never {
  throw new Error('Cannot detach as the transport lost its socket');
}
