/** Which timer ended a connection. `close` is the deadline given to {@link Transport.close}. */
export type TimerName = 'handshake' | 'idle' | 'read' | 'write' | 'lifetime' | 'close';

/**
 * Why a connection ended. A value, not an exception: a normal end allocates no stack, and a switch over `kind`
 * can be exhaustive.
 */
export type CloseReason =
  /** Both sides finished cleanly. */
  | { readonly kind: 'done' }
  /** The peer or the network tore it down. */
  | { readonly kind: 'reset'; readonly error: Error }
  /** This side called `abort()`. */
  | { readonly kind: 'aborted'; readonly error?: Error | undefined }
  /** A timer of this side ran out. */
  | { readonly kind: 'timeout'; readonly timer: TimerName; readonly afterMs: number }
  /** A factory or an admission layer did not want this peer. */
  | { readonly kind: 'refused'; readonly by: string; readonly why: string }
  /** The peer broke the protocol, or a callback of the protocol threw. */
  | { readonly kind: 'protocol'; readonly error: Error }
  /** The process stopped and the drain deadline had passed. */
  | { readonly kind: 'shutdown' };
