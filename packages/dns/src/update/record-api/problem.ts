import { reply } from '../http/reply.ts';

/** What is wrong with a request (RFC 9457). Thrown within the API and answered at its edge; it never leaves it. */
export class Problem extends Error {
  override readonly name: string = 'Problem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Which part of a batch. */
  readonly index: number | undefined;

  constructor(
    status: number,
    detail: string,
    more: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly index?: number | undefined;
    } = {},
  ) {
    super(detail);
    this.status = status;
    this.headers = more.headers ?? {};
    this.index = more.index;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Content too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  503: 'Service unavailable',
  504: 'Gateway timeout',
};

/** The answer that says it. */
export function problemReply({ status, message, headers, index }: Problem): Response {
  const body = {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    detail: message,
    ...(index !== undefined && { index }),
  };
  return reply(JSON.stringify(body), 'application/problem+json', { status, headers });
}
