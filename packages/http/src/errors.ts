/** Every code an error of this package can carry, besides those of the core. Codes are stable; messages are not. */
export type HttpErrorCode =
  /** The peer sent a longer body than `maxBodyBytes`. */
  | 'HAWSER_HTTP_BODY_TOO_LARGE'
  /** The peer broke HTTP in the middle of a body, or left before it was read. */
  | 'HAWSER_HTTP_MALFORMED'
  /** The peer took longer than `requestTimeoutMs` to send a request. */
  | 'HAWSER_HTTP_REQUEST_TIMEOUT';
