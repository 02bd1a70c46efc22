import { constants } from 'node:http2';

/** The names of error codes (RFC 9113 §7). */
const NAMES: ReadonlyMap<number, string> = new Map(
  (
    [
      'NO_ERROR',
      'PROTOCOL_ERROR',
      'INTERNAL_ERROR',
      'FLOW_CONTROL_ERROR',
      'SETTINGS_TIMEOUT',
      'STREAM_CLOSED',
      'FRAME_SIZE_ERROR',
      'REFUSED_STREAM',
      'CANCEL',
      'COMPRESSION_ERROR',
      'CONNECT_ERROR',
      'ENHANCE_YOUR_CALM',
      'INADEQUATE_SECURITY',
      'HTTP_1_1_REQUIRED',
    ] as const
  ).map((name) => [constants[`NGHTTP2_${name}`], name]),
);

/** How an error code of HTTP/2 is called. */
export function http2Name(code: number): string {
  return NAMES.get(code) ?? String(code);
}
