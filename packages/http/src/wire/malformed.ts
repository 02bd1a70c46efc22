import type { Malformed } from '../contract/codec.ts';

/** Every code of a {@link Malformed}, with the status a server answers. Stable: tests and counters compare them. */
const STATUS = {
  // Octets (RFC 9112 §2.2).
  'control-character': 400,
  'bare-cr': 400,
  'bare-lf': 400,
  'leading-crlf': 400,
  // Request line (§3).
  'bad-request-line': 400,
  'unknown-method': 501,
  'bad-target': 400,
  'target-too-long': 414,
  'bad-version': 400,
  'unsupported-version': 505,
  // Status line (§4).
  'bad-status-line': 502,
  'unexpected-response': 502,
  'too-many-interim': 502,
  'unexpected-switch': 502,
  // Field lines (§5).
  'head-too-long': 431,
  'too-many-fields': 431,
  'obs-fold': 400,
  'missing-colon': 400,
  'bad-field-name': 400,
  'space-in-field-name': 400,
  // Host (§3.2).
  'missing-host': 400,
  'duplicate-host': 400,
  'bad-host': 400,
  // Framing (§6).
  'bad-content-length': 400,
  'duplicate-content-length': 400,
  'duplicate-transfer-encoding': 400,
  'length-and-chunked': 400,
  'chunked-in-1.0': 400,
  'unknown-transfer-coding': 501,
  'connect-with-body': 400,
  'bad-connection': 400,
  // Chunks (§7.1).
  'bad-chunk-size': 400,
  'chunk-too-large': 400,
  'bad-chunk-extension': 400,
  'chunk-extensions-too-long': 400,
  'bad-chunk-end': 400,
  'trailers-too-long': 431,
  'forbidden-trailer': 400,
  // Expectations (RFC 9110 §10.1.1).
  'unknown-expectation': 417,
  // The peer ended its side in the middle of a message (RFC 9112 §8).
  'incomplete-head': 400,
  'incomplete-body': 400,
} as const;

export type MalformedCode = keyof typeof STATUS;

const MALFORMED = Object.fromEntries(
  Object.entries(STATUS).map(([code, status]) => [code, Object.freeze({ status, code })]),
) as Readonly<Record<MalformedCode, Malformed & { readonly code: MalformedCode }>>;

/** Every code there is. */
export const malformedCodes: readonly MalformedCode[] = Object.keys(STATUS) as MalformedCode[];

/** The one object for `code`. */
export function malformed(code: MalformedCode): Malformed {
  return MALFORMED[code];
}
