// The two servers that are compared: each says of every request what it was, in a field of its answer.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { http1 } from '../../src/server/http1.ts';

/** What a server said on one connection. */
export interface Answers {
  /** One for each answer to a request that was understood, up to the first that is none. */
  readonly echoes: readonly string[];
  /** The status of the first other answer. */
  readonly refusal: number | undefined;
}

function echoOf(method: string, target: string, body: string, trailers: number): string {
  const hash = createHash('sha1').update(body, 'latin1').digest('hex');
  return encodeURIComponent(`${method} ${target} ${body.length} ${hash} ${trailers}`);
}

function respond(exchange: HttpExchange): void {
  let body = '';
  exchange.body.consume({
    data: (chunk) => {
      body += chunk.toString('latin1');
    },
    end: () => {
      const { method, target } = exchange;
      const echo = echoOf(method, target, body, exchange.body.trailers.length / 2);
      exchange.respond({ status: 200, fields: ['x-echo', echo] }, 'ok');
    },
    failed: () => exchange.respond({ status: 400, fields: [] }),
  });
}

/** One for all connections, which share readers. */
const factory = http1(respond);

/** Answers by our engine. */
export async function answerOurs(chunks: readonly Buffer[]): Promise<Answers> {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.adopt(factory);
  let text = '';
  for (const chunk of chunks) {
    transport.receive(Buffer.from(chunk));
    reactor.clock.advance(0);
    text += transport.takeText('latin1');
  }
  await Promise.resolve();
  reactor.clock.advance(0);
  text += transport.takeText('latin1');
  transport.abort();
  return read(text);
}

const server = createServer({ requireHostHeader: false }, echo);
server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
  response.writeContinue();
  echo(request, response);
});

function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString('latin1');
  });
  request.on('end', () => {
    const { method = '', url = '', rawTrailers } = request;
    response.setHeader('x-echo', echoOf(method, url, body, rawTrailers.length / 2));
    response.end(method === 'HEAD' ? undefined : 'ok');
  });
  request.on('error', () => undefined);
}

/** Answers by node:http, many at a time. */
export async function answerAllByNode(
  inputs: readonly (readonly Buffer[])[],
): Promise<readonly Answers[]> {
  const connections = inputs.map((chunks) => {
    const said = { text: '' };
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        said.text += chunk.toString('latin1');
        done();
      },
    });
    socket.on('error', () => undefined);
    server.emit('connection', socket);
    for (const chunk of chunks) socket.push(chunk);
    return { socket, said };
  });
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
  for (const { socket } of connections) socket.destroy();
  return connections.map(({ said }) => read(said.text));
}

function read(text: string): Answers {
  const echoes: string[] = [];
  for (const head of text.split(/^(?:ok)?(?=HTTP\/1\.[01] \d)/m)) {
    const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(head)?.[1]);
    if (head === '' || status < 200) continue;
    const said = /^x-echo: (.*)\r$/m.exec(head)?.[1];
    if (status !== 200 || said === undefined) return { echoes, refusal: status };
    const goodbye = /^connection: close\r$/im.test(head) ? ', the last' : '';
    echoes.push(decodeURIComponent(said) + goodbye);
  }
  return { echoes, refusal: undefined };
}
