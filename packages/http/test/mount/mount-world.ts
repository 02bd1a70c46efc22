import { createServer } from 'node:http';
import { type Factory, TransportSocket } from '@hawser/core';
import type { World } from '@hawser/core/testing';
import type { NodeListener } from '../../src/index.ts';
import { ResponseReader } from '../../src/wire/response-reader.ts';

/** A listener on node's own server, over any transport. */
export function plainNode(listener: NodeListener): Factory {
  const server = createServer((request, response) => void listener(request, response));
  return {
    name: 'node',
    buildProtocol: () => ({
      connectionMade(transport) {
        const socket = new TransportSocket(transport);
        socket.on('error', () => undefined);
        transport.handTo(socket.protocol);
        server.emit('connection', socket);
      },
      dataReceived: () => undefined,
    }),
  };
}

/** A response without what differs from run to run, and from connection to connection. */
export interface Seen {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: readonly string[];
  readonly interim: readonly number[];
}

const OWN = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding']);

/** Sends requests in HTTP/1.1 on one connection, one after the other but lists at once, and gives what came back. */
export async function exchange(
  world: World,
  factory: Factory,
  requests: readonly (string | readonly string[])[],
): Promise<{ seen: Seen[]; closed: boolean }> {
  const seen: Seen[] = [];
  const state = { closed: false };
  let interim: number[] = [];
  let head: { status: number; statusText: string; fields: readonly string[] } | undefined;
  let chunks: Buffer[] = [];
  const reader = new ResponseReader({
    interim: ({ status }) => void interim.push(status),
    head: (got) => {
      head = got;
    },
    data: (chunk) => void chunks.push(chunk),
    end(trailers) {
      const headers: Record<string, string> = {};
      const fields = head?.fields ?? [];
      for (let at = 0; at < fields.length; at += 2) {
        const name = fields[at] ?? '';
        if (!OWN.has(name))
          headers[name] = [headers[name], fields[at + 1]].filter(Boolean).join('|');
      }
      const { status = 0, statusText = '' } = head ?? {};
      const body = Buffer.concat(chunks).toString();
      // Where the body is there, its length is a matter of framing, as chunks are.
      if (headers['content-length'] === String(Buffer.byteLength(body))) {
        delete headers['content-length'];
      }
      seen.push({ status, statusText, headers, body, trailers, interim });
      interim = [];
      chunks = [];
    },
  });
  let write: (text: string) => void = () => undefined;
  await world.connect(factory, {
    connectionMade(transport) {
      write = (text) => void transport.write(Buffer.from(text, 'latin1'));
    },
    dataReceived: (chunk) => void reader.feed(chunk),
    connectionLost() {
      reader.finish();
      state.closed = true;
    },
  });
  let asked = 0;
  for (const request of requests) {
    if (state.closed) break;
    const list = typeof request === 'string' ? [request] : request;
    for (const each of list) reader.expect(each.split(' ', 1)[0] ?? 'GET');
    write(list.join(''));
    for (let turn = 0; turn < 20; turn++) await world.elapse(1);
    asked += list.length;
    // Files and hashes come from threads, which no virtual time and no count of turns waits for.
    while (!state.closed && seen.length < asked) {
      await new Promise((done) => setImmediate(done));
      await world.elapse(0);
    }
  }
  return { seen, closed: state.closed };
}

/** A request as text. */
export function ask(
  line: string,
  fields: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return `${line} HTTP/1.1\r\nHost: hawser.example\r\n${lines.join('')}${length}\r\n${body}`;
}
