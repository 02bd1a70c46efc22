import { inspect } from 'node:util';

/**
 * Puts the global class `name` above `own` in the chain of prototypes, so that `x instanceof Request` holds for our
 * objects. No constructor of it runs, and `own` has every member itself. Done when the first object is made rather than
 * at import, as to touch the global loads all of fetch: 8 MB and tens of milliseconds.
 *
 * @param shown what `console.log` shows: what it does by itself is not for objects of others
 */
export function joinStandard(
  own: { readonly prototype: object },
  name: 'Headers' | 'Request' | 'Response',
  shown: readonly string[],
): true {
  Object.setPrototypeOf(own.prototype, globalThis[name].prototype);
  Object.defineProperty(own.prototype, inspect.custom, {
    configurable: true,
    value(this: object, _depth: number, options: object): string {
      const facts =
        Symbol.iterator in this ? Object.fromEntries(this as Headers) : pick(this, shown);
      return `${name} ${inspect(facts, options)}`;
    },
  });
  return true;
}

function pick(from: object, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, Reflect.get(from, name)]));
}
