import type { Transport } from '@hawser/core';

/** One frame (RFC 9113 §4.1). */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const TYPES = {
  data: 0,
  headers: 1,
  priority: 2,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
  unknown: 0xbb,
} as const;

/** Flags of frames. */
export const Flag = { Ack: 1, EndStream: 1, EndHeaders: 4, Padded: 8, Priority: 32 } as const;

/** Writes a frame; `length` says something else than the payload is long. */
export function frame(
  type: keyof typeof TYPES,
  stream: number,
  payload: Buffer | readonly number[] = [],
  { flags = 0, length }: { readonly flags?: number; readonly length?: number } = {},
): Buffer {
  const body = Buffer.from(payload as Buffer);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? body.length, 0, 3);
  head.writeUInt8(TYPES[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** Fields as HPACK literals that are not remembered (RFC 7541 §6.2.2). */
export function fields(...lines: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    lines.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  );
}

/** The head of a request. */
export function request(
  method = 'GET',
  more: readonly (readonly [string, string])[] = [],
  path = '/',
): Buffer {
  return fields(
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'hawser.example'],
    ...more,
  );
}

/** HEADERS with a whole head. */
export function headers(stream: number, block: Buffer, flags: number = Flag.EndStream): Buffer {
  return frame('headers', stream, block, { flags: flags | Flag.EndHeaders });
}

export function uint32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length: number[] = [127];
  let rest = bytes.length - 127;
  while (rest >= 128) {
    length.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** Cuts what a server sent into frames. */
export class FrameReader {
  readonly frames: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      this.frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5) & 0x7fff_ffff,
        payload: this.#rest.subarray(9, 9 + length),
      });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }

  /**
   * What became of it: the streams that were answered, those that were reset and the code of each, the codes of GOAWAY.
   */
  get outcome(): { answered: number[]; reset: [number, number][]; goaway: number[] } {
    const answered = this.frames.filter(({ type }) => type === TYPES.headers);
    const reset = this.frames.filter(({ type }) => type === TYPES.rst);
    const goaway = this.frames.filter(({ type }) => type === TYPES.goaway);
    return {
      answered: [...new Set(answered.map(({ stream }) => stream))],
      reset: reset.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]),
      goaway: goaway.map(({ payload }) => payload.readUInt32BE(4)),
    };
  }
}

/** A client that sends whatever a test says. */
export class RawClient extends FrameReader {
  transport: Transport | undefined;
  lost = false;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(chunk: Buffer): void {
    this.feed(chunk);
  }
  connectionLost(): void {
    this.lost = true;
  }
  send(...list: readonly Buffer[]): void {
    if (!this.lost) this.transport?.write(Buffer.concat(list));
  }
}
