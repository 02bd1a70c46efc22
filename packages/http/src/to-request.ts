import type { IncomingMessage } from 'node:http';
import type { HttpContext } from './http-handler.ts';

// uri-host with an optional port (RFC 3986 §3.2.2); above all no "@", "/", "?", "#" or "\", which would move the host.
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(?::[0-9]{0,5})?$/i;

/** What a {@link Request} is made of besides the head. */
export interface ToRequestParts {
  readonly context: HttpContext;
  readonly body: ReadableStream<Uint8Array>;
}

/** The head that node parsed as a standard Request. Gives `undefined` if no valid one can be made of it. */
export function toRequest(message: IncomingMessage, parts: ToRequestParts): Request | undefined {
  const { context, body } = parts;
  const { method = 'GET' } = message;
  try {
    const url = urlOf(message, context);
    if (!url) return undefined;
    const headers = new Headers();
    const { rawHeaders } = message;
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
    }
    const hasBody = method !== 'GET' && method !== 'HEAD' && announcesBody(message);
    return new Request(url, {
      method,
      headers,
      signal: context.signal,
      ...(hasBody && { body, duplex: 'half' }),
    });
  } catch {
    return undefined;
  }
}

/** A message without either field has no body (RFC 9112 §6.3). */
function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

function urlOf(message: IncomingMessage, { secure, local }: HttpContext): URL | undefined {
  const { url: target = '/' } = message;
  // Absolute-form (RFC 9112 §3.2.2), which every server must accept, wins over Host.
  if (/^https?:\/\//i.test(target)) return new URL(target);
  if (!target.startsWith('/')) return undefined;
  const host = message.headers.host ?? hostOf(local);
  if (!HOST.test(host)) return undefined;
  return new URL(`${secure ? 'https' : 'http'}://${host}${target}`);
}

/** Where an HTTP/1.0 client without Host connected to. */
function hostOf(local: HttpContext['local']): string {
  if (local.kind === 'unix' || local.kind === 'memory') return 'localhost';
  return `${local.family === 6 ? `[${local.host}]` : local.host}:${local.port}`;
}
