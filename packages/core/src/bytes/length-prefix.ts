/** Frames that begin with their length, as DNS over TCP, PostgreSQL and most custom protocols have them. */
import { ProtocolError } from '../errors.ts';
import type { ByteQueue } from './byte-queue.ts';
import { FrameDecoder } from './frame-decoder.ts';

/** How a length is written. It counts the bytes behind it, not itself. */
export interface LengthPrefix {
  readonly prefixBytes: 1 | 2 | 4;
  /** @defaultValue 'big' */
  readonly endian?: 'big' | 'little' | undefined;
}

/** Options for {@link LengthPrefixDecoder}. */
export interface LengthPrefixDecoderOptions extends LengthPrefix {
  /** The longest frame accepted, without its prefix. */
  readonly maxBytes: number;
}

/**
 * Cuts bytes into frames that begin with their length, and gives them without it. A length over the limit is
 * `HAWSER_FRAME_TOO_LONG`, before its bytes are waited for.
 */
export class LengthPrefixDecoder extends FrameDecoder {
  constructor(options: LengthPrefixDecoderOptions) {
    const { maxBytes, prefixBytes, endian = 'big' } = options;
    if (!(maxBytes >= 0)) {
      throw new RangeError(`Cannot decode frames as maxBytes must be 0 or more: ${maxBytes}`);
    }
    super((queue) => {
      if (queue.length < prefixBytes) return undefined;
      const length = readLength(queue, prefixBytes, endian);
      if (length > maxBytes) {
        throw new ProtocolError(
          'HAWSER_FRAME_TOO_LONG',
          `Cannot accept a frame of more than ${maxBytes} bytes: ${length}`,
        );
      }
      if (queue.length < prefixBytes + length) return undefined;
      queue.skip(prefixBytes);
      return queue.take(length);
    });
  }
}

/**
 * `data` behind its length; text as UTF-8.
 * @throws RangeError when it is longer than the prefix can say
 */
export function encodeLengthPrefixed(data: Uint8Array | string, prefix: LengthPrefix): Buffer {
  const { prefixBytes, endian = 'big' } = prefix;
  const payload = typeof data === 'string' ? Buffer.from(data) : data;
  const most = 2 ** (8 * prefixBytes) - 1;
  if (payload.length > most) {
    throw new RangeError(
      `Cannot encode a frame as its length must be at most ${most}: ${payload.length}`,
    );
  }
  const encoded = Buffer.allocUnsafe(prefixBytes + payload.length);
  if (endian === 'big') encoded.writeUIntBE(payload.length, 0, prefixBytes);
  else encoded.writeUIntLE(payload.length, 0, prefixBytes);
  encoded.set(payload, prefixBytes);
  return encoded;
}

function readLength(queue: ByteQueue, prefixBytes: number, endian: 'big' | 'little'): number {
  let length = 0;
  for (let i = 0; i < prefixBytes; i++) {
    length = length * 0x100 + queue.at(endian === 'big' ? i : prefixBytes - 1 - i);
  }
  return length;
}
