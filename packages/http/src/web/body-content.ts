// What the bytes of a whole body are turned into: the last step of `text()`, `json()` and their like.
import { Blob } from 'node:buffer';
import { formatMimeType, parseMimeType } from './mime-type.ts';

/** UTF-8, with U+FFFD for what is none; without the byte order mark. */
export function toText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** @throws SyntaxError when it is none */
export function toJson(bytes: Buffer): unknown {
  return JSON.parse(toText(bytes)) as unknown;
}

/** A copy: the bytes of a body share their memory with what else came with them. */
export function toBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** A copy, as {@link toBytes}. */
export function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return toBytes(bytes).buffer;
}

/** @param contentType what the message says of its body */
export function toBlob(bytes: Buffer, contentType: string | null): Blob {
  const type = contentType === null ? undefined : parseMimeType(contentType);
  return new Blob([bytes], { type: type ? formatMimeType(type) : '' });
}
