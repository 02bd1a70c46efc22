/** Netstrings: `5:hello,` (https://cr.yp.to/proto/netstrings.txt). */
import { ProtocolError } from '../errors.ts';
import type { ByteQueue } from './byte-queue.ts';
import { FrameDecoder } from './frame-decoder.ts';

const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;

/** Options for {@link NetstringDecoder}. */
export interface NetstringDecoderOptions {
  /** The longest string accepted, without its length and the comma. */
  readonly maxBytes: number;
}

/**
 * Cuts bytes into netstrings. Strict: a length with a leading zero, without digits or with anything but digits, and a
 * string without its comma, are `HAWSER_BAD_FRAME`; a length over the limit is `HAWSER_FRAME_TOO_LONG`, before its
 * bytes are waited for.
 */
export class NetstringDecoder extends FrameDecoder {
  constructor(options: NetstringDecoderOptions) {
    const { maxBytes } = options;
    if (!(Number.isSafeInteger(maxBytes) && maxBytes >= 0)) {
      throw new RangeError(`Cannot decode netstrings as maxBytes must be 0 or more: ${maxBytes}`);
    }
    super((queue) => cutNetstring(queue, maxBytes));
  }
}

/** `data` as a netstring; text as UTF-8. */
export function encodeNetstring(data: Uint8Array | string): Buffer {
  const payload = typeof data === 'string' ? Buffer.from(data) : data;
  const head = `${payload.length}:`;
  const encoded = Buffer.allocUnsafe(head.length + payload.length + 1);
  encoded.write(head, 'latin1');
  encoded.set(payload, head.length);
  encoded[encoded.length - 1] = COMMA;
  return encoded;
}

function cutNetstring(queue: ByteQueue, maxBytes: number): Buffer | undefined {
  let length = 0;
  let at = 0;
  for (; ; at++) {
    if (at === queue.length) return undefined;
    const byte = queue.at(at);
    if (byte === COLON && at > 0) break;
    if (byte < ZERO || byte > NINE || (at === 1 && length === 0)) {
      throw new ProtocolError('HAWSER_BAD_FRAME', 'Cannot read the length of a netstring');
    }
    length = length * 10 + byte - ZERO;
    if (length > maxBytes) {
      throw new ProtocolError(
        'HAWSER_FRAME_TOO_LONG',
        `Cannot accept a netstring of more than ${maxBytes} bytes`,
      );
    }
  }
  const end = at + 1 + length;
  if (queue.length <= end) return undefined;
  if (queue.at(end) !== COMMA) {
    throw new ProtocolError('HAWSER_BAD_FRAME', 'Cannot find the comma after a netstring');
  }
  queue.skip(at + 1);
  const payload = queue.take(length);
  queue.skip(1);
  return payload;
}
