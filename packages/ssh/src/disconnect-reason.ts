/** Why a side disconnects (RFC 4253 §11.1). */
export const DisconnectReason = {
  ProtocolError: 2,
  ByApplication: 11,
  NoMoreAuthMethodsAvailable: 14,
} as const;

/** Why a channel was not opened (RFC 4254 §5.1). */
export const OpenFailure = {
  AdministrativelyProhibited: 1,
  ConnectFailed: 2,
  ResourceShortage: 4,
} as const;
