// The two readers that are compared, each giving what it read in the same form.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import type { FieldLines } from '../../src/contract/field-lines.ts';
import { RequestReader } from '../../src/wire/request-reader.ts';

/** One request as a reader read it. */
export interface ReadRequest {
  readonly method: string;
  /** What node calls `url`; with our reader, `target` and `authority`. */
  readonly target: string;
  readonly authority?: string | undefined;
  readonly fields: FieldLines;
  body: string;
  trailers: FieldLines;
  complete: boolean;
  readonly version: string;
  /** Another protocol goes on after it: an upgrade or CONNECT. */
  takenOver: boolean;
  /** Another request may follow it. Not known of what is taken over. */
  readonly keepAlive: boolean | undefined;
}

/** All that a reader made of some octets. */
export interface Reading {
  readonly requests: ReadRequest[];
  /** Why it stopped, if it refused them. */
  refusal: string | undefined;
  /** The last request was the last one. */
  closed: boolean;
  /** What it left for another protocol. */
  rest: string;
}

/** Reads with {@link RequestReader}. */
export function readOurs(chunks: readonly Buffer[]): Reading {
  const reading: Reading = { requests: [], refusal: undefined, closed: false, rest: '' };
  const { requests } = reading;
  const reader = new RequestReader({
    head: ({ method, target, authority, fields, keepAlive, version, upgrade }) => {
      reading.closed = !keepAlive;
      const takenOver = upgrade !== undefined || method === 'CONNECT';
      const parts = { method, target, authority, fields, version, takenOver, keepAlive };
      requests.push({ ...parts, body: '', trailers: [], complete: false });
    },
    data: (chunk) => {
      const last = requests.at(-1);
      if (last !== undefined) last.body += chunk.toString('latin1');
    },
    end: (trailers) => {
      const last = requests.at(-1);
      if (last === undefined) return;
      last.trailers = trailers;
      last.complete = true;
      if (last.takenOver) reading.rest = reader.takeRest().toString('latin1');
    },
  });
  for (const chunk of chunks) {
    if (requests.at(-1)?.complete && requests.at(-1)?.takenOver) {
      reading.rest += chunk.toString('latin1');
    } else {
      reading.refusal ??= reader.feed(Buffer.from(chunk))?.code;
    }
  }
  reading.refusal ??= reader.finish()?.code;
  return reading;
}

/** Reads with the parser of node:http, many at a time. */
export class NodeReader {
  readonly #readings = new WeakMap<object, Reading>();
  readonly #server = createServer({ requireHostHeader: false });

  constructor() {
    const take = (request: IncomingMessage, { shouldKeepAlive }: ServerResponse): void => {
      this.#take(request, shouldKeepAlive);
    };
    this.#server.on('request', take);
    this.#server.on('checkContinue', take);
    this.#server.on('checkExpectation', take);
    const takeOver = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const read = this.#take(request);
      read.complete = true;
      read.takenOver = true;
      const reading = this.#readings.get(socket);
      if (reading === undefined) return;
      reading.rest += head.toString('latin1');
      socket.on('data', (data: Buffer) => {
        reading.rest += data.toString('latin1');
      });
    };
    this.#server.on('connect', takeOver);
    this.#server.on('upgrade', takeOver);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const reading = this.#readings.get(socket);
      if (reading !== undefined) reading.refusal ??= error.code ?? error.message;
      socket.destroy();
    });
  }

  /** Reads each list of chunks as a connection of its own. */
  async readAll(inputs: readonly (readonly Buffer[])[]): Promise<Reading[]> {
    const sockets: Duplex[] = [];
    const readings = inputs.map((chunks) => {
      const socket = new Duplex({
        read: () => {},
        write: (_chunk, _encoding, done) => done(),
      });
      const reading: Reading = { requests: [], refusal: undefined, closed: false, rest: '' };
      this.#readings.set(socket, reading);
      sockets.push(socket);
      socket.on('error', () => {});
      this.#server.emit('connection', socket);
      for (const chunk of chunks) socket.push(chunk);
      socket.push(null);
      return reading;
    });
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const socket of sockets) socket.destroy();
    return readings;
  }

  #take(request: IncomingMessage, keepAlive?: boolean): ReadRequest {
    const read: ReadRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      fields: lowered(request.rawHeaders),
      body: '',
      trailers: [],
      complete: false,
      version: request.httpVersion,
      takenOver: false,
      keepAlive,
    };
    this.#readings.get(request.socket)?.requests.push(read);
    // The parser calls it at once, while the events of the stream come later, and not at all after a refusal.
    request.push = (data: Buffer | null) => {
      if (data !== null) {
        read.body += data.toString('latin1');
      } else {
        read.trailers = lowered(request.rawTrailers);
        read.complete = true;
      }
      return true;
    };
    request.on('error', () => {});
    return read;
  }
}

function lowered(lines: readonly string[]): FieldLines {
  return lines.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
}
