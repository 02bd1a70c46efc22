import type { CloseReason } from './contract/close-reason.ts';

/** Every code an error of the core can carry. Codes are stable; messages are not. */
export type CoreErrorCode =
  // UsageError
  | 'HAWSER_WRITE_AFTER_END'
  | 'HAWSER_DETACHED'
  | 'HAWSER_NOT_AVAILABLE'
  | 'HAWSER_BAD_ENDPOINT'
  | 'HAWSER_BAD_CERTIFICATE'
  | 'HAWSER_LAYER_ORDER'
  | 'HAWSER_SERVICE_STATE'
  | 'HAWSER_THREAD_JOB'
  | 'HAWSER_BUSY'
  // ProtocolError
  | 'HAWSER_LINE_TOO_LONG'
  | 'HAWSER_FRAME_TOO_LONG'
  | 'HAWSER_BAD_FRAME'
  | 'HAWSER_INCOMPLETE'
  | 'HAWSER_BAD_PROXY_HEADER'
  | 'HAWSER_BAD_CLIENT_HELLO'
  | 'HAWSER_UNRECOGNISED'
  | 'HAWSER_TLS_HANDSHAKE'
  | 'HAWSER_TLS_RECORD'
  | 'HAWSER_PLAINTEXT_AFTER_STARTTLS'
  | 'HAWSER_WRITE_QUEUE_FULL'
  // ConnectionError
  | 'HAWSER_CLOSED'
  | 'HAWSER_TIMEOUT'
  | 'HAWSER_CANCELLED'
  | 'HAWSER_THREADS_BUSY'
  | 'HAWSER_THREAD_LOST'
  | 'HAWSER_QUEUE'
  | 'HAWSER_SPAWN'
  | 'HAWSER_SIMULATION'
  | 'HAWSER_PROXY'
  // ConnectError
  | 'HAWSER_RESOLVE'
  | 'HAWSER_CONNECT'
  | 'HAWSER_CONNECT_TIMEOUT'
  | 'HAWSER_REFUSED'
  | 'HAWSER_BUDGET'
  // ListenError
  | 'HAWSER_ADDRESS_IN_USE'
  | 'HAWSER_ADDRESS_NOT_AVAILABLE'
  | 'HAWSER_PERMISSION'
  | 'HAWSER_LISTEN';

/**
 * Base of every error Hawser throws. The class says what the caller should do, `code` says what happened, `cause` is
 * the reason below. Compare `code` rather than the class where two copies of the package may be loaded.
 */
export class HawserError<Code extends string = string> extends Error {
  override readonly name: string = 'HawserError';
  readonly code: Code;
  /** What a command should exit with if this ends it (sysexits.h): 64 usage, 69 unavailable, 74 I/O, 78 configuration. */
  readonly exitCode: number = 70;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The caller's mistake: mend the program or its configuration. */
export class UsageError<Code extends string = CoreErrorCode> extends HawserError<Code> {
  override readonly name: string = 'UsageError';
  override readonly exitCode: number = 64;
}

/** The peer broke the protocol. Close the connection; trying again will not help. */
export class ProtocolError<Code extends string = CoreErrorCode> extends HawserError<Code> {
  override readonly name: string = 'ProtocolError';
}

/** The network or the clock let us down. Trying again may succeed. */
export class ConnectionError<Code extends string = CoreErrorCode> extends HawserError<Code> {
  override readonly name: string = 'ConnectionError';
  override readonly exitCode: number = 69;
}

/** The result is not wanted any more. `cause` is the reason given to `cancel` or to the signal. */
export class CancelledError extends ConnectionError<'HAWSER_CANCELLED'> {
  override readonly name: string = 'CancelledError';
  constructor(message = 'Cancelled', options?: ErrorOptions) {
    super('HAWSER_CANCELLED', message, options);
  }
}

/** Something took longer than allowed. */
export class TimeoutError extends ConnectionError<'HAWSER_TIMEOUT'> {
  override readonly name: string = 'TimeoutError';
  constructor(message: string, options?: ErrorOptions) {
    super('HAWSER_TIMEOUT', message, options);
  }
}

/** A connection could not be made. */
export class ConnectError extends ConnectionError<
  | 'HAWSER_RESOLVE'
  | 'HAWSER_CONNECT'
  | 'HAWSER_CONNECT_TIMEOUT'
  | 'HAWSER_REFUSED'
  | 'HAWSER_BUDGET'
  | 'HAWSER_TLS_HANDSHAKE'
  | 'HAWSER_PROXY'
> {
  override readonly name: string = 'ConnectError';
}

/** A program could not be started. `cause` has the code of the system, such as `ENOENT` or `EACCES`. */
export class SpawnError extends ConnectionError<'HAWSER_SPAWN'> {
  override readonly name: string = 'SpawnError';
  constructor(message: string, options?: ErrorOptions) {
    super('HAWSER_SPAWN', message, options);
  }
}

/** An address could not be listened on. */
export class ListenError extends ConnectionError<
  'HAWSER_ADDRESS_IN_USE' | 'HAWSER_ADDRESS_NOT_AVAILABLE' | 'HAWSER_PERMISSION' | 'HAWSER_LISTEN'
> {
  override readonly name: string = 'ListenError';
}

/** `thrown` as an Error, whatever was thrown. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`Thrown: ${String(thrown)}`);
}

/** One line about why a connection ended, for logs and tests. */
export function describeReason(reason: CloseReason): string {
  switch (reason.kind) {
    case 'done':
      return 'closed cleanly';
    case 'reset':
      return `reset: ${reason.error.message}`;
    case 'aborted':
      return reason.error ? `aborted: ${reason.error.message}` : 'aborted';
    case 'timeout':
      return `${reason.timer} timeout after ${reason.afterMs} ms`;
    case 'refused':
      return `refused by ${reason.by}: ${reason.why}`;
    case 'protocol':
      return `protocol error: ${reason.error.message}`;
    case 'shutdown':
      return 'shut down';
  }
}
