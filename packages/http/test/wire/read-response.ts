// The two readers of responses that are compared, each giving what it read in the same form.
import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import type { FieldLines } from '../../src/contract/field-lines.ts';
import { ResponseReader } from '../../src/wire/response-reader.ts';

/** One response as a reader read it. */
export interface ReadResponse {
  status: number;
  version: string;
  fields: FieldLines;
  body: string;
  trailers: FieldLines;
  complete: boolean;
}

/** All that a reader made of some octets, which answer one request. */
export interface ResponseReading {
  response: ReadResponse | undefined;
  interim: string[];
  refusal: string | undefined;
  rest: string;
}

/** Reads with {@link ResponseReader}. */
export function readOurs(method: string, chunks: readonly Buffer[]): ResponseReading {
  const reading: ResponseReading = {
    response: undefined,
    interim: [],
    refusal: undefined,
    rest: '',
  };
  const reader = new ResponseReader({
    interim: ({ status }) => reading.interim.push(`${status}`),
    head: ({ status, version, fields }) => {
      reading.response = { status, version, fields, body: '', trailers: [], complete: false };
    },
    data: (chunk) => {
      if (reading.response !== undefined) reading.response.body += chunk.toString('latin1');
    },
    end: (trailers) => {
      if (reading.response === undefined) return;
      reading.response.trailers = trailers;
      reading.response.complete = true;
    },
  });
  reader.expect(method);
  for (const chunk of chunks) {
    reading.refusal ??= reader.feed(Buffer.from(chunk))?.code;
  }
  reading.refusal ??= reader.finish()?.code;
  reading.rest = reader.takeRest().toString('latin1');
  return reading;
}

/** Reads with the parser of the client of node:http, many at a time. */
export async function readAllByNode(
  inputs: readonly (readonly [method: string, chunks: readonly Buffer[]])[],
): Promise<ResponseReading[]> {
  const sockets: Duplex[] = [];
  const readings = inputs.map(([method, chunks]) => {
    const reading: ResponseReading = {
      response: undefined,
      interim: [],
      refusal: undefined,
      rest: '',
    };
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    sockets.push(socket);
    const sent = request({ method, path: '/', host: 'a', createConnection: () => socket });
    const takeOver = (response: IncomingMessage, _socket: Duplex, head: Buffer): void => {
      if (reading.response !== undefined) return;
      take(response);
      const read = reading.response as ReadResponse | undefined;
      if (read !== undefined) read.complete = true;
      reading.rest += head.toString('latin1');
      socket.on('data', (data: Buffer) => {
        reading.rest += data.toString('latin1');
      });
    };
    const take = (response: IncomingMessage): void => {
      // Node reads on after a response that nothing may follow.
      if (reading.response !== undefined) return;
      const read: ReadResponse = {
        status: response.statusCode ?? 0,
        version: response.httpVersion,
        fields: lowered(response.rawHeaders),
        body: '',
        trailers: [],
        complete: false,
      };
      reading.response = read;
      // The parser calls it at once, while the events of the stream come later, and not at all after a refusal.
      response.push = (data: Buffer | null) => {
        if (data !== null) {
          read.body += data.toString('latin1');
        } else {
          read.trailers = lowered(response.rawTrailers);
          read.complete = response.complete;
        }
        return true;
      };
      response.on('error', ({ code, message }: NodeJS.ErrnoException) => {
        reading.refusal ??= code ?? message;
      });
    };
    sent.on('response', take);
    sent.on('connect', takeOver);
    sent.on('upgrade', takeOver);
    sent.on('information', ({ statusCode }) => reading.interim.push(`${statusCode}`));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      reading.refusal ??= error.code ?? error.message;
    });
    sent.end();
    setImmediate(() => {
      for (const chunk of chunks) socket.push(chunk);
      socket.push(null);
    });
    return reading;
  });
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  for (const socket of sockets) socket.destroy();
  return readings;
}

function lowered(lines: readonly string[]): FieldLines {
  return lines.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
}
