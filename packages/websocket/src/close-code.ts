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
