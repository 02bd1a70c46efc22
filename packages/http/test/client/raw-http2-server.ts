import type { Factory, Protocol, Transport } from '@hawser/core';
import { Flag, type Frame, FrameReader, fields, frame, PREFACE } from '../http2/raw-client.ts';

/** Frame types of HTTP/2 that scripts look at. */
export const Type = { Data: 0, Headers: 1, Rst: 3, Settings: 4, Ping: 6, Goaway: 7 } as const;

/** A connection to a server that says whatever a test says. */
export class RawHttp2Connection extends FrameReader implements Protocol {
  readonly #script: RawScript;
  readonly #settings: Buffer | null;
  #prefaceLeft: number = PREFACE.length;
  transport!: Transport;
  lost = false;

  constructor(script: RawScript, settings: Buffer | null) {
    super();
    this.#script = script;
    this.#settings = settings;
  }

  connectionMade(transport: Transport): void {
    this.transport = transport;
    if (this.#settings) this.send(this.#settings);
  }

  dataReceived(chunk: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    const before = this.frames.length;
    this.feed(chunk.subarray(skipped));
    for (const each of this.frames.slice(before)) {
      if (this.#settings && each.type === Type.Settings && (each.flags & Flag.Ack) === 0) {
        this.send(frame('settings', 0, [], { flags: Flag.Ack }));
      }
      this.#script(this, each);
    }
  }

  connectionLost(): void {
    this.lost = true;
  }

  send(...list: readonly Buffer[]): void {
    if (!this.lost) this.transport.write(Buffer.concat(list));
  }

  /** Answers a request with a status and a body. */
  answer(stream: number, body = 'ok', more: readonly (readonly [string, string])[] = []): void {
    this.send(
      head(stream, more),
      frame('data', stream, Buffer.from(body), { flags: Flag.EndStream }),
    );
  }

  /** The streams whose requests came, in order. */
  get asked(): number[] {
    return this.frames.filter(({ type }) => type === Type.Headers).map(({ stream }) => stream);
  }

  /** Codes by which the client reset streams. */
  get resets(): [number, number][] {
    return this.outcome.reset;
  }
}

/** Hears of every frame of a client. */
export type RawScript = (connection: RawHttp2Connection, frame: Frame) => void;

/** A server of HTTP/2 that says whatever a test says. */
export class RawHttp2Server implements Factory {
  readonly name = 'raw';
  readonly connections: RawHttp2Connection[] = [];
  readonly #script: RawScript;
  readonly #settings: Buffer | null;

  /** `settings`: what it says first; `null` for nothing. */
  constructor(script: RawScript, settings: Buffer | null = frame('settings', 0)) {
    this.#script = script;
    this.#settings = settings;
  }

  buildProtocol(): RawHttp2Connection {
    const made = new RawHttp2Connection(this.#script, this.#settings);
    this.connections.push(made);
    return made;
  }
}

/** HEADERS with status 200. */
export function head(
  stream: number,
  more: readonly (readonly [string, string])[] = [],
  { status = '200', flags = 0 }: { readonly status?: string; readonly flags?: number } = {},
): Buffer {
  const block = fields([':status', status], ...more);
  return frame('headers', stream, block, { flags: Flag.EndHeaders | flags });
}

/** SETTINGS with one setting. */
export function setting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return frame('settings', 0, payload);
}

/** Says that no stream after `lastStream` was taken. */
export function goaway(lastStream: number, code = 0): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(code, 4);
  return frame('goaway', 0, payload);
}
