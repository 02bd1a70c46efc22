/** One exchange, when its answer has left. */
export interface HttpAccessRecord {
  /** When the request came, in milliseconds since 1970. */
  readonly at: number;
  /** Until the answer had left, or could not any more. */
  readonly durationMs: number;
  /** IP address of the client, as `clientOf` says; `undefined` on this machine. */
  readonly client: string | undefined;
  readonly user: string | undefined;
  readonly method: string;
  /** Path and query; the query as the log was told. */
  readonly target: string;
  readonly version: string;
  readonly host: string | undefined;
  /** Of the answer that was sent; of the one that was to be, if the peer had left by then. */
  readonly status: number;
  /** Octets of the body, as far as they were given to the connection. */
  readonly bytes: number;
  /** False: the peer left before it had everything. */
  readonly complete: boolean;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string | undefined;
}
