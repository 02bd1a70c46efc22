import { Readable } from 'node:stream';
import type { Random } from '@hawser/core';
import { BodyPieces, type BodyStream } from './body-pieces.ts';
import { encodeFormData } from './encode-form-data.ts';

/**
 * What a request can send. A stream can be read once, so such a request is sent again only if none of it was taken;
 * a function makes a new one each time. What is not read to its end is cancelled or destroyed.
 */
export type BodyInput =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | URLSearchParams
  | FormData
  | Blob
  | BodyStream
  | (() => BodyStream);

/** The body of a request, ready to be sent. */
export interface RequestBody {
  /** Octets, if they are known. */
  readonly length: number | undefined;
  readonly contentType: string | undefined;
  /** Can be had more than once. */
  readonly replayable: boolean;
  /** True once a body that is not replayable was opened. */
  readonly taken: boolean;
  /** All of it, if it is there already. */
  readonly bytes: Uint8Array | undefined;
  /** Its pieces. Ending them gives the rest up at once, whatever the source is about to do. */
  open(): AsyncIterable<Uint8Array>;
  /** Nobody will open it any more: a stream that was not opened is told so. */
  release?(): void;
}

/** Pieces of what is there as a whole: small enough to leave room in the queue of a connection. */
const SLICE_BYTES = 65_536;

/**
 * Makes a body of whatever can be one.
 * @throws TypeError when `input` cannot, or is a stream that somebody reads already
 */
export function toRequestBody(
  input: BodyInput,
  random: Pick<Random, 'bytes'>,
  length?: number,
): RequestBody {
  if (typeof input === 'string') {
    return wholeBody(Buffer.from(input), 'text/plain;charset=UTF-8');
  }
  if (input instanceof Uint8Array) return wholeBody(input);
  if (ArrayBuffer.isView(input)) {
    return wholeBody(new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  }
  if (input instanceof ArrayBuffer) return wholeBody(new Uint8Array(input));
  if (input instanceof URLSearchParams) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    return wholeBody(Buffer.from(String(input)), type);
  }
  if (typeof input === 'function') return streamedBody(input, { replayable: true, length });
  if (isAsyncIterable(input)) {
    if (input instanceof ReadableStream && input.locked) {
      throw new TypeError('Cannot send a stream as a body as somebody reads it already');
    }
    return streamedBody(() => input, { replayable: false, length });
  }
  if (input instanceof Blob) {
    const { size: length, type } = input;
    const open = (): AsyncIterable<Uint8Array> => new BodyPieces(input.stream());
    return {
      length,
      contentType: type === '' ? undefined : type,
      replayable: true,
      taken: false,
      bytes: undefined,
      open,
    };
  }
  if (input instanceof FormData) {
    const form = encodeFormData(input, random);
    return { ...form, replayable: true, taken: false, bytes: undefined };
  }
  throw new TypeError('Cannot send this as a body: give text, bytes, a form, a blob or a stream');
}

/** A body that is there as a whole. */
export function wholeBody(bytes: Uint8Array, contentType?: string): RequestBody {
  return {
    length: bytes.length,
    contentType,
    replayable: true,
    taken: false,
    bytes,
    async *open() {
      for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
        yield bytes.subarray(at, at + SLICE_BYTES);
      }
    },
  };
}

function streamedBody(
  make: () => BodyStream,
  { replayable, length }: Pick<RequestBody, 'replayable' | 'length'>,
): RequestBody {
  let taken = false;
  return {
    length,
    contentType: undefined,
    replayable,
    bytes: undefined,
    get taken() {
      return taken && !replayable;
    },
    open() {
      taken = true;
      return new BodyPieces(make());
    },
    release() {
      if (taken || replayable) return;
      taken = true;
      const giveUp = async (): Promise<unknown> => new BodyPieces(make()).return();
      // Somebody else reads it by now, or it has failed: then it needs nobody to end it.
      giveUp().catch(() => undefined);
    },
  };
}

function isAsyncIterable(input: object): input is BodyStream {
  return (
    input instanceof ReadableStream || input instanceof Readable || Symbol.asyncIterator in input
  );
}
