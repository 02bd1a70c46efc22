/**
 * `promise`, which what a peer sends can make fail: that must not end the process when a handler has asked for it and
 * answers without waiting for it. Whoever does wait hears of the failure all the same.
 */
export function mayGoUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
