import { words } from './words.ts';

/** What a reader does with a field beside delivering it. */
export const FieldRole = {
  None: 0,
  Host: 1,
  ContentLength: 2,
  TransferEncoding: 3,
  Connection: 4,
  Upgrade: 5,
  Expect: 6,
} as const;
export type FieldRole = (typeof FieldRole)[keyof typeof FieldRole];

/** A field name in lower case, and its role. */
export interface FieldName {
  readonly name: string;
  readonly role: FieldRole;
}

/** A usual name in a usual spelling. */
export interface KnownFieldName extends FieldName {
  readonly spelled: string;
}

const ROLES: Readonly<Record<string, FieldRole>> = {
  host: FieldRole.Host,
  'content-length': FieldRole.ContentLength,
  'transfer-encoding': FieldRole.TransferEncoding,
  connection: FieldRole.Connection,
  upgrade: FieldRole.Upgrade,
  expect: FieldRole.Expect,
};

// As browsers, tools and proxies write them. Found in one look, and one string for all messages.
const USUAL = words(`
  Host Content-Length Transfer-Encoding Connection Upgrade Expect Accept Accept-Charset
  Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Headers
  Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Request-Headers
  Access-Control-Request-Method Age Allow Alt-Svc Authorization Cache-Control Content-Disposition
  Content-Encoding Content-Language Content-Range Content-Security-Policy Content-Type Cookie DNT
  Date ETag Expires Forwarded From If-Match If-Modified-Since If-None-Match If-Range
  If-Unmodified-Since Keep-Alive Last-Event-ID Last-Modified Link Location Origin Pragma Priority
  Proxy-Authorization Proxy-Connection Range Referer Retry-After Sec-CH-UA Sec-CH-UA-Mobile
  Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-GPC
  Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol
  Sec-WebSocket-Version Server Set-Cookie TE Trailer Strict-Transport-Security Traceparent
  Tracestate Upgrade-Insecure-Requests User-Agent Vary Via WWW-Authenticate X-Forwarded-For
  X-Forwarded-Host X-Forwarded-Proto X-Powered-By X-Real-IP X-Request-ID X-Requested-With
`);

const NAMES = new Map<string, KnownFieldName>();
for (const usual of USUAL) {
  const name = usual.toLowerCase();
  const role = ROLES[name] ?? FieldRole.None;
  NAMES.set(usual, { name, role, spelled: usual });
  NAMES.set(name, { name, role, spelled: name });
}

/** The usual name in one of its usual spellings, which is `spelled`. */
export function knownFieldName(spelled: string): KnownFieldName | undefined {
  return NAMES.get(spelled);
}

/** The name for `spelled`, which is a token. */
export function fieldNameOf(spelled: string): FieldName {
  const known = NAMES.get(spelled);
  if (known !== undefined) return known;
  const name = spelled.toLowerCase();
  return NAMES.get(name) ?? { name, role: FieldRole.None };
}

/**
 * Fields that a trailer may not carry: those that frame or route the message, say who sends it, or tell how to read its
 * content (RFC 9110 §6.5.1). A trailer with one is refused rather than dropped, so that nobody behind us can read it either.
 */
export const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set(
  words(`
  host content-length transfer-encoding connection upgrade expect te trailer keep-alive
  proxy-connection max-forwards content-encoding content-type content-range range if-match
  if-none-match if-range if-modified-since if-unmodified-since cache-control authorization cookie
  proxy-authorization proxy-authenticate www-authenticate set-cookie location authentication-info
  proxy-authentication-info forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip
`),
);
