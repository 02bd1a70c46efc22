/** What `promise` fails with: to be asked for before time passes, and looked at after. */
export function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => new Error('It did not fail'),
    (error: unknown) => error,
  );
}
