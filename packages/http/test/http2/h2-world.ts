import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { type Factory, TransportSocket } from '@hawser/core';
import type { World } from '@hawser/core/testing';
import type { IncomingBody } from '../../src/contract/body.ts';
import type { Responder } from '../../src/contract/exchange.ts';
import { Http2Connection } from '../../src/http2/http2-connection.ts';
import { toHttp2Limits } from '../../src/http2/http2-limits.ts';
import type { Http2Options } from '../../src/http2/http2-options.ts';
import type { Http1Options } from '../../src/server/http-options.ts';
import { Flag, frame, PREFACE, RawClient } from './raw-client.ts';

/** A client of node over the world of a test. */
export async function connectClient(world: World, factory: Factory): Promise<ClientHttp2Session> {
  let socket: TransportSocket | undefined;
  await world.connect(factory, {
    connectionMade(transport) {
      socket = new TransportSocket(transport);
      socket.on('error', () => undefined);
      transport.handTo(socket.protocol);
    },
    dataReceived: () => undefined,
  });
  const made = socket;
  if (!made) throw new Error('no connection');
  const client = connectHttp2('http://hawser.example', { createConnection: () => made });
  client.on('error', () => undefined);
  return client;
}

/** A client that sends whatever a test says, after it has exchanged settings with the server. */
export async function connectRaw(
  world: World & { elapse(ms: number): Promise<void> },
  factory: Factory,
): Promise<RawClient> {
  const client = new RawClient();
  await world.connect(factory, client);
  client.send(PREFACE, frame('settings', 0));
  await world.elapse(1);
  client.send(frame('settings', 0, [], { flags: Flag.Ack }));
  await world.elapse(1);
  return client;
}

/** What a client got. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly informed: readonly IncomingHttpHeaders[];
  /** How the stream ended: 0 in order. */
  readonly rstCode: number;
}

/** Sends a request; its body ends unless `body` says otherwise. */
export function send(
  client: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body?: string | Buffer | ((stream: ClientHttp2Stream) => void),
): Promise<Answered> {
  const stream = client.request(headers, { endStream: body === undefined });
  if (typeof body === 'function') body(stream);
  else if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

/** Waits for the end of a stream. */
export function answerOf(stream: ClientHttp2Stream): Promise<Answered> {
  return new Promise((done) => {
    let got: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders | undefined;
    const informed: IncomingHttpHeaders[] = [];
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => {
      got = headers;
    });
    stream.on('headers', (headers) => void informed.push(headers));
    stream.on('trailers', (headers) => {
      trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const status = Number(got[':status'] ?? 0);
      const body = Buffer.concat(chunks).toString();
      done({ status, headers: got, body, trailers, informed, rstCode: stream.rstCode });
    });
  });
}

/** A factory whose exchanges a test answers itself. */
export function answering(
  responder: Responder,
  options: Http2Options & Http1Options = {},
): Factory {
  const limits = toHttp2Limits(options, options);
  return {
    name: 'http2',
    buildProtocol: () => new Http2Connection({ responder, limits }),
  };
}

/** What a body holds, and its trailers. */
export function collect(
  body: IncomingBody,
): Promise<{ text: string; trailers: readonly string[] }> {
  return new Promise((done, failed) => {
    const chunks: Buffer[] = [];
    body.consume({
      data: (chunk) => void chunks.push(chunk),
      end: () => done({ text: Buffer.concat(chunks).toString(), trailers: body.trailers }),
      failed,
    });
  });
}
