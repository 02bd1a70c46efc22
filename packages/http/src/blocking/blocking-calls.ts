/**
 * What handlers in workers may call on the reactor's side, by name. Arguments and answers are structured clones; a
 * handler blocks until a promise has settled.
 */
export type BlockingCalls = Readonly<Record<string, (...args: never[]) => unknown>>;
