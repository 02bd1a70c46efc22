/** The close codes this package uses (RFC 6455 §7.4.1). */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  Unsupported: 1003,
  Abnormal: 1006,
  NotConsistent: 1007,
  ServerError: 1011,
  TryAgainLater: 1013,
} as const;

const MAX_REASON_BYTES = 123;

/** @throws RangeError when a close frame may not carry this code, or the reason is too long for it (RFC 6455 §7.4) */
export function checkClose(code: number, reason: string): void {
  if (!isSendable(code)) {
    throw new RangeError(`Cannot close a session with a code that may not be sent: ${code}`);
  }
  const bytes = Buffer.byteLength(reason);
  if (bytes > MAX_REASON_BYTES) {
    throw new RangeError(
      `Cannot close a session as the reason must fit in ${MAX_REASON_BYTES} bytes: ${bytes}`,
    );
  }
}

/** 1004 to 1006 only stand for something that was not sent; 3000 and up are for libraries and applications. */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 1000 && code <= 1014) return code < 1004 || code > 1006;
  return code >= 3000 && code <= 4999;
}
