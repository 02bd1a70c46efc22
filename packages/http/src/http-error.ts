/** Options for {@link HttpError}. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Fields of the answer, such as `{ 'retry-after': '30' }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the peer is told. @defaultValue the phrase for the status; the message stays here */
  readonly body?: string | undefined;
  /** Whether the server reports it. False for what is meant to happen, such as 503 under load. @defaultValue from 500 on */
  readonly report?: boolean | undefined;
}

/**
 * Thrown by a handler to answer with a status: `throw new HttpError(404, 'no such host')`. It is the peer's fault up to
 * 499 and not reported then. The peer does not see the message.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** From 400 to 599. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether the server reports it. */
  readonly report: boolean;

  /** @throws RangeError when the status is not from 400 to 599 */
  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(
        `Cannot answer with an error as its status must be 400 to 599: ${status}`,
      );
    }
    super(message, options);
    this.status = status;
    this.headers = options.headers ?? {};
    this.body = options.body;
    this.report = options.report ?? status >= 500;
  }
}
