import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { ProtocolError } from '../../src/errors.ts';
import {
  type ClientHello,
  readClientHello,
} from '../../src/layers/preamble/client-hello-message.ts';
import { clientHelloBytes, records } from '../../testing/client-hello-bytes.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const parts = { serverName: 'Mail.Example', alpn: ['h2', 'http/1.1'] } as const;
const whole = clientHelloBytes(parts);
const read: ClientHello = {
  serverName: 'mail.example',
  alpn: ['h2', 'http/1.1'],
  versions: ['TLSv1.3', 'TLSv1.2'],
  encrypted: false,
};
const nothing: ClientHello = { ...read, serverName: undefined, alpn: [] };

test('a hello says which name, protocols and versions the client wants', () => {
  expect(readClientHello(whole)).toEqual(read);
});

test.each([
  [
    'of OpenSSL',
    { servername: 'a.example', ALPNProtocols: ['x'] },
    { ...read, serverName: 'a.example', alpn: ['x'] },
  ],
  ['of OpenSSL without a name', {}, nothing],
  [
    'of OpenSSL with TLS 1.2 only',
    { maxVersion: 'TLSv1.2' as const },
    { ...nothing, versions: ['TLSv1.2'] },
  ],
])('a hello %s is understood', async (_, options, expected) => {
  expect(readClientHello(await helloOf(options))).toEqual(expected);
});

test('a hello in many records is the same hello', () => {
  for (const recordBytes of [1, 2, 3, 4, 5, 31, 100]) {
    const cut = clientHelloBytes({ ...parts, recordBytes });
    expect(readClientHello(cut)).toEqual(read);
  }
});

test('cut anywhere, it asks for more, and never for more than there is to come', () => {
  for (const recordBytes of [16_384, 1, 7]) {
    const bytes = clientHelloBytes({ ...parts, recordBytes });
    for (let at = 0; at < bytes.length; at++) {
      const wanted = readClientHello(bytes.subarray(0, at));
      expect(wanted).toBeTypeOf('number');
      expect(wanted).toBeGreaterThan(at);
      expect(wanted).toBeLessThanOrEqual(bytes.length);
    }
  }
});

test('what follows the hello is not looked at', () => {
  expect(readClientHello(Buffer.concat([whole, Buffer.from('anything')]))).toEqual(read);
});

test('GREASE, unknown extensions and unknown versions are left out', () => {
  const bytes = clientHelloBytes({
    alpn: ['\u00ca\u00ca', 'h2'],
    versions: [0x5a5a, 0x0304, 0x7f1c, 0x0303, 0x0301],
    extensions: [
      [0x1a1a, Buffer.alloc(1)],
      [0xff01, Buffer.alloc(1)],
    ],
  });
  expect(readClientHello(bytes)).toEqual({
    ...nothing,
    alpn: ['h2'],
    versions: ['TLSv1.3', 'TLSv1.2', 'TLSv1'],
  });
});

test('the outer hello of an encrypted one shows the public name', () => {
  const bytes = clientHelloBytes({
    serverName: 'public.example',
    extensions: [[0xfe0d, Buffer.alloc(200, 7)]],
  });
  const expected = { ...nothing, serverName: 'public.example', encrypted: true };
  expect(readClientHello(bytes)).toEqual(expected);
});

test('a hello without extensions, as TLS 1.2 allowed, accepts its own version', () => {
  const body = `0303${'00'.repeat(32)}00${'0002002f'}0100`;
  const message = Buffer.from(`01${(body.length / 2).toString(16).padStart(6, '0')}${body}`, 'hex');
  expect(readClientHello(records(message))).toEqual({ ...nothing, versions: ['TLSv1.2'] });
});

test('the longest hello is read, and one byte more refused before it has arrived', () => {
  const padding = 16_384 - (clientHelloBytes().length - 5) - 4;
  const longest = clientHelloBytes({ extensions: [[21, Buffer.alloc(padding)]] });
  expect(longest).toHaveLength(16_389);
  expect(readClientHello(longest)).toEqual(nothing);
  const tooLong = clientHelloBytes({ extensions: [[21, Buffer.alloc(padding + 1)]] });
  expect(() => readClientHello(tooLong.subarray(0, 10))).not.toThrow();
  expect(() => readClientHello(tooLong)).toThrow('16385 bytes');
  const slow = clientHelloBytes({ extensions: [[21, Buffer.alloc(9_000)]], recordBytes: 1 });
  expect(() => readClientHello(slow)).toThrow('more than 16384 bytes');
});

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const name = (list: string): Buffer => clientHelloBytes({ extensions: [[0, hex(list)]] });
test.each([
  ['HTTP', Buffer.from('G'), 'a record is of type 71'],
  ['SSL 2', hex('80 2e 01 03 01'), 'type 128'],
  ['an alert', hex('15 03 01 00 02 02 28'), 'type 21'],
  ['another version', hex('16 02'), 'version 2'],
  ['an empty record', hex('16 03 01 00 00'), 'empty'],
  ['an endless record', hex('16 03 01 40 01'), '16385 bytes'],
  ['a server hello', hex('16 03 01 00 04 02'), 'of type 2'],
  ['a message that ends early', records(hex('01 00 00 02 03 03')), 'beyond the end'],
  ['bytes after the extensions', grown(whole), 'after the extensions'],
  [
    'an extension twice',
    clientHelloBytes({
      extensions: [
        [5, hex('')],
        [5, hex('')],
      ],
    }),
    'twice',
  ],
  ['a name beyond its list', name('00 04 00 00 05 61'), 'beyond the end'],
  ['an empty list of names', name('00 00'), 'wrong length'],
  ['bytes after the list of names', name('00 04 00 00 01 61 00'), 'wrong length'],
  ['two names', name('00 08 00 00 01 61 00 00 01 62'), 'two server names'],
  ['an empty name', name('00 03 00 00 00'), 'none'],
  ['a name with a zero', name('00 05 00 00 02 61 00'), 'none'],
  ['a name that is not ASCII', name('00 05 00 00 02 c3 a9'), 'none'],
  ['an empty protocol', clientHelloBytes({ alpn: ['', 'h2'] }), 'protocol name is empty'],
  [
    'half a version',
    clientHelloBytes({ versions: [], extensions: [[43, hex('01 03')]] }),
    'beyond',
  ],
])('%s is not a hello', (_, bytes, why) => {
  expect(() => readClientHello(bytes)).toThrow(ProtocolError);
  expect(() => readClientHello(bytes)).toThrow(why);
});

test('a name of another type than a host name is passed over', () => {
  expect(readClientHello(name('00 08 01 00 01 7a 00 00 01 61'))).toMatchObject({ serverName: 'a' });
});

test('10,000 damaged hellos are read or refused, and nothing else', () => {
  const random = new SeededRandom(20);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 10_000; round++) {
    const bytes = clientHelloBytes({ ...parts, recordBytes: 1 + random.below(300) });
    for (let flip = random.below(4); flip >= 0; flip--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const outcome = outcomeOf(bytes.subarray(0, random.below(bytes.length * 2)));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect([...outcomes.keys()].sort()).toEqual(['HAWSER_BAD_CLIENT_HELLO', 'more', 'read']);
  expect(outcomes.get('read')).toBeGreaterThan(100);
});

function outcomeOf(bytes: Buffer): string {
  try {
    return typeof readClientHello(bytes) === 'number' ? 'more' : 'read';
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
}

/** With one more byte than the extensions account for. */
function grown(hello: Buffer): Buffer {
  const message = Buffer.concat([hello.subarray(5), Buffer.alloc(1)]);
  message.writeUIntBE(message.length - 4, 1, 3);
  return records(message);
}

/** The first bytes of node's own client. */
async function helloOf(options: Parameters<typeof connect>[1]): Promise<Buffer> {
  const socket = new Duplex({ read() {} });
  const written = new Promise<Buffer>((done) => {
    socket._write = done;
  });
  const tls = connect({ ...options, socket });
  tls.on('error', () => undefined);
  const bytes = await written;
  tls.destroy();
  return bytes;
}
