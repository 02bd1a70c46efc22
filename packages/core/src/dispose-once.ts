/** Calls `release` when it is disposed, and only the first time. */
export function disposeOnce(release: () => void): Disposable {
  let disposed = false;
  return {
    [Symbol.dispose]() {
      if (disposed) return;
      disposed = true;
      release();
    },
  };
}
