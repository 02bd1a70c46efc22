/** Every code an error of this package can carry, besides those of the core. Codes are stable; messages are not. */
export type HttpErrorCode =
  /** The peer sent a longer body than `maxBodyBytes`. */
  | 'HAWSER_HTTP_BODY_TOO_LARGE'
  /** The peer broke HTTP in the middle of a body, or left before it was read. */
  | 'HAWSER_HTTP_MALFORMED'
  /** The peer took longer than `requestTimeoutMs` to send a request. */
  | 'HAWSER_HTTP_REQUEST_TIMEOUT'
  /** The peer sent more of what means nothing over HTTP/2, such as resets or pings, than is allowed. */
  | 'HAWSER_HTTP_FLOOD'
  /** A status, a name or a value that cannot be written, such as one with a line break. */
  | 'HAWSER_HTTP_BAD_FIELD'
  // The client.
  /** The server, or the wait for a connection, took longer than a timeout of the client; `phase` says which. */
  | 'HAWSER_HTTP_TIMEOUT'
  /** The connection, or over HTTP/2 the stream, ended before the response was complete. */
  | 'HAWSER_HTTP_INCOMPLETE'
  /** The server says that it has not taken the request (RFC 9113 §8.7): over HTTP/2, when it ends or is busy. */
  | 'HAWSER_HTTP_REFUSED'
  /** The content of a response is not in the encoding it claims, or grows beyond the limits. */
  | 'HAWSER_HTTP_BAD_ENCODING'
  /** A redirect that must not be followed. */
  | 'HAWSER_HTTP_REDIRECT'
  /** The server answered an upgrade or a CONNECT with something else. */
  | 'HAWSER_HTTP_UPGRADE_REFUSED'
  /** Too many requests wait for a connection. */
  | 'HAWSER_HTTP_QUEUE_FULL'
  /** The client was closed. */
  | 'HAWSER_HTTP_CLIENT_CLOSED'
  /** The body of a request could not be read, or did not have the length it promised. */
  | 'HAWSER_HTTP_UPLOAD'
  /** A stub server was asked for something that nobody expected. */
  | 'HAWSER_HTTP_UNEXPECTED_REQUEST'
  /** A file was replaced or cut while it was sent. */
  | 'HAWSER_HTTP_FILE_CHANGED'
  // Routing.
  /** A pattern, a host or a mount that a router cannot have. */
  | 'HAWSER_HTTP_BAD_ROUTE'
  /** Two routes that a router cannot tell apart. */
  | 'HAWSER_HTTP_DUPLICATE_ROUTE'
  /** Middleware that goes on with the same request a second time. */
  | 'HAWSER_HTTP_NEXT_TWICE'
  /** A cookie that browsers would refuse. */
  | 'HAWSER_HTTP_BAD_COOKIE'
  /** A session that is changed too late, or holds too much. */
  | 'HAWSER_HTTP_SESSION';
