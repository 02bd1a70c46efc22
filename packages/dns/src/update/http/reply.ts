/** What a reply may have besides its body. */
export interface ReplyOptions {
  /** @defaultValue 200 */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * A reply with its length: there are clients that read the sizes of chunks as answers. Never to be kept by a cache, as it may
 * be about secrets and is old at once.
 */
export function reply(body: string, type: string, options: ReplyOptions = {}): Response {
  const { status = 200, headers } = options;
  const bytes = Buffer.from(body);
  return new Response(bytes, {
    status,
    headers: {
      'content-type': type,
      'content-length': String(bytes.length),
      'cache-control': 'no-store',
      ...headers,
    },
  });
}

/** Lines of plain text. */
export function textReply(body: string, options?: ReplyOptions): Response {
  return reply(`${body}\n`, 'text/plain; charset=utf-8', options);
}

/** A value as JSON. */
export function jsonReply(value: unknown, options?: ReplyOptions): Response {
  return reply(JSON.stringify(value), 'application/json', options);
}
