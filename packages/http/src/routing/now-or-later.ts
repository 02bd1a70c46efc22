/** Whether it is there later only: a promise, or what can be awaited like one. */
export function isLater<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined | null)?.then === 'function';
}

/** What `use` makes of a value: now, if the value is there now. */
export function whenThere<T, R>(
  value: T | PromiseLike<T>,
  use: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return isLater(value) ? Promise.resolve(value).then(use) : use(value);
}
