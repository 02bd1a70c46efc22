// What node:http2 makes of mistakes of RFC 9113, and what we make of them: the same, or something stricter.
import { performServerHandshake } from 'node:http2';
import { type Factory, TransportSocket } from '@hawser/core';
import { pipeWorld } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { answering } from './h2-world.ts';
import { Flag, fields, frame, headers, PREFACE, RawClient, request, uint32 } from './raw-client.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

/** Node's own session, as its server makes it, which answers everything with 200 once the request is complete. */
const plainNode: Factory = {
  name: 'node',
  buildProtocol: () => ({
    connectionMade(transport) {
      const socket = new TransportSocket(transport);
      socket.on('error', () => undefined);
      transport.handTo(socket.protocol);
      const session = performServerHandshake(socket);
      session.on('error', () => undefined);
      session.on('stream', (stream) => {
        stream.on('error', () => undefined);
        stream.on('end', () => {
          if (stream.destroyed || stream.closed) return;
          stream.respond({ ':status': 200 }, { endStream: true });
        });
        stream.resume();
      });
    },
    dataReceived: () => undefined,
  }),
};

const ours = answering((exchange) => {
  exchange.body.consume({
    data: () => undefined,
    end: () => exchange.respond({ status: 200, fields: [] }),
    failed: () => undefined,
  });
});

type Outcome = RawClient['outcome'] & { readonly open: boolean };

async function outcomeOf(factory: Factory, input: readonly Buffer[]): Promise<Outcome> {
  const world = pipeWorld();
  worlds.push(world);
  const client = await world.connect(factory, new RawClient());
  client.send(...input);
  await world.elapse(5);
  // One more request tells whether the connection still works.
  client.send(headers(99, request()));
  await world.elapse(5);
  expect(world.reports.problems).toEqual([]);
  const { answered, reset, goaway } = client.outcome;
  return { answered, reset, goaway, open: answered.includes(99) };
}

const SETTINGS = frame('settings', 0);
const start = (...rest: Buffer[]): Buffer[] => [PREFACE, SETTINGS, ...rest];
const post = headers(1, request('POST'), 0);

/** Each with the verdict of node: whether the connection stays open, and the streams that are answered. */
const cases: readonly (readonly [name: string, input: readonly Buffer[]])[] = [
  ['a request (8.1)', start(headers(1, request()))],
  [
    'a request with a body and trailers (8.1)',
    start(post, frame('data', 1, [65]), headers(1, fields(['x-a', '1']))),
  ],
  ['a bad preface (3.4)', [Buffer.from('PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n')]],
  ['a preface without settings (3.4)', [PREFACE, headers(1, request())]],
  ['a frame over 16,384 octets (4.2)', start(post, frame('data', 1, Buffer.alloc(16_385)))],
  ['a head that HPACK cannot read (4.3)', start(headers(1, Buffer.from([0x80])))],
  [
    'a frame between the pieces of a head (4.3)',
    start(
      frame('headers', 1, request().subarray(0, 5), { flags: 1 }),
      frame('ping', 0, Buffer.alloc(8)),
    ),
  ],
  [
    'another head between the pieces of a head (4.3)',
    start(frame('headers', 1, request().subarray(0, 5), { flags: 1 }), headers(3, request())),
  ],
  ['an even stream (5.1.1)', start(headers(2, request()))],
  ['a stream lower than the last (5.1.1)', start(headers(5, request()), headers(3, request()))],
  ['DATA on an idle stream (5.1)', start(frame('data', 1, [65]))],
  ['RST_STREAM on an idle stream (5.1)', start(frame('rst', 1, uint32(8)))],
  ['WINDOW_UPDATE on an idle stream (5.1)', start(frame('window', 1, uint32(100)))],
  ['CONTINUATION on an idle stream (5.1)', start(frame('continuation', 1, [], { flags: 4 }))],
  ['an unknown frame on an idle stream (5.5)', start(frame('unknown', 1, [1]))],
  ['DATA after the end of a stream (5.1)', start(headers(1, request()), frame('data', 1, [65]))],
  ['a head after the end of a stream (5.1)', start(headers(1, request()), headers(1, request()))],
  ['DATA after a reset (5.1)', start(post, frame('rst', 1, uint32(8)), frame('data', 1, [65]))],
  [
    'a stream that depends on itself (5.3.1)',
    start(
      frame('headers', 1, Buffer.concat([Buffer.from([0, 0, 0, 1, 15]), request()]), {
        flags: 0x25,
      }),
    ),
  ],
  ['DATA on stream 0 (6.1)', start(frame('data', 0, [65]))],
  [
    'DATA with padding (6.1)',
    start(post, frame('data', 1, [3, 65, 0, 0, 0], { flags: Flag.Padded | Flag.EndStream })),
  ],
  [
    'DATA with more padding than it holds (6.1)',
    start(post, frame('data', 1, [5, 65, 0], { flags: Flag.Padded })),
  ],
  ['HEADERS on stream 0 (6.2)', start(headers(0, request()))],
  [
    'HEADERS with more padding than it holds (6.2)',
    start(frame('headers', 1, Buffer.concat([Buffer.from([255]), request()]), { flags: 0xd })),
  ],
  ['PRIORITY on stream 0 (6.3)', start(frame('priority', 0, [...uint32(0), 1]))],
  ['PRIORITY of a wrong length (6.3)', start(post, frame('priority', 1, uint32(0)))],
  ['RST_STREAM on stream 0 (6.4)', start(frame('rst', 0, uint32(8)))],
  ['RST_STREAM of a wrong length (6.4)', start(post, frame('rst', 1, [0, 0, 8]))],
  [
    'SETTINGS with an ACK and a payload (6.5)',
    start(frame('settings', 0, [0, 3, ...uint32(1)], { flags: Flag.Ack })),
  ],
  [
    'an ACK nobody waits for (6.5)',
    start(
      frame('settings', 0, [], { flags: Flag.Ack }),
      frame('settings', 0, [], { flags: Flag.Ack }),
    ),
  ],
  ['SETTINGS on a stream (6.5)', start(frame('settings', 1))],
  ['SETTINGS of a wrong length (6.5)', start(frame('settings', 0, [0, 3, 0]))],
  ['SETTINGS with a bad ENABLE_PUSH (6.5.2)', start(frame('settings', 0, [0, 2, ...uint32(2)]))],
  [
    'SETTINGS with a window over the most (6.5.2)',
    start(frame('settings', 0, [0, 4, ...uint32(0x8000_0000)])),
  ],
  [
    'SETTINGS with a frame size under the least (6.5.2)',
    start(frame('settings', 0, [0, 5, ...uint32(1_024)])),
  ],
  [
    'SETTINGS with a frame size over the most (6.5.2)',
    start(frame('settings', 0, [0, 5, ...uint32(0x100_0000)])),
  ],
  ['SETTINGS nobody knows (6.5.2)', start(frame('settings', 0, [0, 0xee, ...uint32(1)]))],
  [
    'PUSH_PROMISE by a client (6.6)',
    start(post, frame('push', 1, [...uint32(2), ...request()], { flags: 4 })),
  ],
  ['PING on a stream (6.7)', start(frame('ping', 1, Buffer.alloc(8)))],
  ['PING of a wrong length (6.7)', start(frame('ping', 0, Buffer.alloc(6)))],
  ['an answer to no PING (6.7)', start(frame('ping', 0, Buffer.alloc(8), { flags: Flag.Ack }))],
  ['GOAWAY on a stream (6.8)', start(frame('goaway', 1, [...uint32(0), ...uint32(0)]))],
  ['WINDOW_UPDATE of 0 for the connection (6.9)', start(frame('window', 0, uint32(0)))],
  ['WINDOW_UPDATE of 0 for a stream (6.9)', start(post, frame('window', 1, uint32(0)))],
  ['WINDOW_UPDATE of a wrong length (6.9)', start(frame('window', 0, [0, 0, 1]))],
  [
    'a window of the connection over the most (6.9.1)',
    start(frame('window', 0, uint32(0x7fff_ffff))),
  ],
  [
    'a window of a stream over the most (6.9.1)',
    start(post, frame('window', 1, uint32(0x7fff_ffff))),
  ],
  [
    'more DATA than the window of a stream (6.9.1)',
    start(post, ...Array.from({ length: 9 }, () => frame('data', 1, Buffer.alloc(16_384)))),
  ],
  ['an upper-case name (8.2.1)', start(headers(1, request('GET', [['X-A', '1']])))],
  ['a name with a space (8.2.1)', start(headers(1, request('GET', [['x a', '1']])))],
  ['an empty name (8.2.1)', start(headers(1, request('GET', [['', '1']])))],
  ['a value with a line break (8.2.1)', start(headers(1, request('GET', [['x-a', 'a\r\nb']])))],
  ['a value with NUL (8.2.1)', start(headers(1, request('GET', [['x-a', 'a\0b']])))],
  ['connection: close (8.2.2)', start(headers(1, request('GET', [['connection', 'close']])))],
  ['keep-alive (8.2.2)', start(headers(1, request('GET', [['keep-alive', '1']])))],
  ['proxy-connection (8.2.2)', start(headers(1, request('GET', [['proxy-connection', '1']])))],
  [
    'transfer-encoding: chunked (8.2.2)',
    start(headers(1, request('POST', [['transfer-encoding', 'chunked']]))),
  ],
  ['upgrade (8.2.2)', start(headers(1, request('GET', [['upgrade', 'websocket']])))],
  ['te other than trailers (8.2.2)', start(headers(1, request('GET', [['te', 'gzip']])))],
  ['te: trailers (8.2.2)', start(headers(1, request('GET', [['te', 'trailers']])))],
  ['an unknown pseudo-header field (8.3)', start(headers(1, request('GET', [[':x', '1']])))],
  [
    'a pseudo-header field of responses (8.3)',
    start(headers(1, request('GET', [[':status', '200']]))),
  ],
  [
    'a pseudo-header field behind others (8.3)',
    start(
      headers(1, fields(['x-a', '1'], [':method', 'GET'], [':scheme', 'http'], [':path', '/'])),
    ),
  ],
  ['a pseudo-header field in trailers (8.3)', start(post, headers(1, fields([':method', 'GET'])))],
  ['trailers that end nothing (8.1)', start(post, headers(1, fields(['x-a', '1']), 0))],
  ['two methods (8.3.1)', start(headers(1, request('GET', [[':method', 'GET']])))],
  [
    'no method (8.3.1)',
    start(headers(1, fields([':scheme', 'http'], [':path', '/'], [':authority', 'a']))),
  ],
  [
    'no scheme (8.3.1)',
    start(headers(1, fields([':method', 'GET'], [':path', '/'], [':authority', 'a']))),
  ],
  [
    'no path (8.3.1)',
    start(headers(1, fields([':method', 'GET'], [':scheme', 'http'], [':authority', 'a']))),
  ],
  ['an empty path (8.3.1)', start(headers(1, request('GET', [], '')))],
  ['a path that does not begin with a slash (8.3.1)', start(headers(1, request('GET', [], 'a')))],
  ['a path with a space (8.3.1)', start(headers(1, request('GET', [], '/a b')))],
  ['a method that is no token (8.3.1)', start(headers(1, request('G T')))],
  [
    'an authority that is none (8.3.1)',
    start(
      headers(
        1,
        fields([':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'a b']),
      ),
    ),
  ],
  ['CONNECT with a path (8.5)', start(headers(1, request('CONNECT')))],
  [
    'CONNECT with a protocol (RFC 8441)',
    start(headers(1, request('CONNECT', [[':protocol', 'websocket']]))),
  ],
  [
    'a body longer than its length (8.1.1)',
    start(
      headers(1, request('POST', [['content-length', '1']]), 0),
      frame('data', 1, [65, 66], { flags: 1 }),
    ),
  ],
  [
    'a body shorter than its length (8.1.1)',
    start(
      headers(1, request('POST', [['content-length', '3']]), 0),
      frame('data', 1, [65, 66], { flags: 1 }),
    ),
  ],
  [
    'a length that is no number (8.1.1)',
    start(
      headers(1, request('POST', [['content-length', '+1']]), 0),
      frame('data', 1, [65], { flags: 1 }),
    ),
  ],
  [
    'two lengths (8.1.1)',
    start(
      headers(
        1,
        request('POST', [
          ['content-length', '1'],
          ['content-length', '1'],
        ]),
        0,
      ),
      frame('data', 1, [65], { flags: 1 }),
    ),
  ],
];

describe('a mistake of RFC 9113 fares as with node:http2', () => {
  test.each(cases)('%s', async (_, input) => {
    const node = await outcomeOf(plainNode, input);
    const own = await outcomeOf(ours, input);
    expect(own).toEqual(node);
  });
});
