/** Every code an error of this package can carry, besides those of the core. Codes are stable; messages are not. */
export type WebSocketErrorCode =
  /** A message cannot be sent as JSON, such as `undefined` or a cycle. */
  'HAWSER_WEBSOCKET_NOT_JSON';
