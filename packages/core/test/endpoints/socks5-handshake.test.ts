import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../../src/bytes/byte-queue.ts';
import type { Login } from '../../src/endpoints/endpoint-scheme.ts';
import { Socks5Handshake } from '../../src/endpoints/socks5-handshake.ts';
import { ConnectError, ProtocolError, UsageError } from '../../src/errors.ts';
import { chunkings } from '../../testing/chunkings.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const target = { host: 'example.net', port: 25 };
const login: Login = { user: 'me', password: 'pw' };
const REQUEST = `050100 03 0b ${Buffer.from('example.net').toString('hex')} 0019`;
const REPLY = '05000001 0a000001 1f90';

/** Plays the proxy: `answers[i]` follows what was sent before it. */
function play(
  handshake: Socks5Handshake,
  answers: readonly Buffer[],
): { sent: string[]; open: boolean; left: string } {
  const queue = new ByteQueue();
  const sent = [handshake.start().toString('hex')];
  for (const answer of answers) {
    queue.push(Buffer.from(answer));
    for (;;) {
      const step = handshake.next(queue);
      if (step.at === 'open') {
        return { sent, open: true, left: queue.takeAll().toString('latin1') };
      }
      if (step.at === 'more') break;
      sent.push(step.data.toString('hex'));
    }
  }
  return { sent, open: false, left: '' };
}

describe('what is sent', () => {
  test.each([
    ['example.net', REQUEST],
    ['10.0.0.1', '050100 01 0a000001 0019'],
    ['2001:db8::1', '050100 04 20010db8000000000000000000000001 0019'],
  ])('for %s', (host, request) => {
    const handshake = new Socks5Handshake({ host, port: 25 });
    const { sent, open } = play(handshake, [hex('0500'), hex(REPLY)]);
    expect(sent).toEqual(['050100', hex(request).toString('hex')]);
    expect(open).toBe(true);
  });

  test('with user and password, if the proxy wants them', () => {
    const { sent, open } = play(new Socks5Handshake(target, login), [
      hex('0502'),
      hex('0100'),
      hex(REPLY),
    ]);
    expect(sent).toEqual(['05020002', '01026d65027077', hex(REQUEST).toString('hex')]);
    expect(open).toBe(true);
  });

  test('without them, if it does not', () => {
    const { sent } = play(new Socks5Handshake(target, login), [hex('0500')]);
    expect(sent.slice(1)).toEqual([hex(REQUEST).toString('hex')]);
  });
});

test.each([
  ['an IPv4 address', '05000001 0a000001 1f90'],
  ['an IPv6 address', '05000004 00000000000000000000000000000001 1f90'],
  ['a name', '05000003 03 616263 1f90'],
  ['the longest name', `05000003 ff ${'61'.repeat(255)} 1f90`],
  ['an empty name', '05000003 00 1f90'],
])('a reply with %s, cut anywhere, leaves what came through the tunnel', (_, reply) => {
  const answer = Buffer.concat([hex('0502 0100'), hex(reply), Buffer.from('220 hello')]);
  for (const chunks of chunkings(answer)) {
    const handshake = new Socks5Handshake(target, login);
    const queue = new ByteQueue();
    let open = false;
    for (const chunk of chunks) {
      queue.push(chunk);
      while (!open) {
        const step = handshake.next(queue);
        if (step.at === 'more') break;
        open = step.at === 'open';
      }
    }
    expect(open).toBe(true);
    expect(queue.takeAll().toString()).toBe('220 hello');
  }
});

test.each([
  ['05ff', ConnectError, 'the proxy refused: it wants a login', undefined],
  ['05ff', ConnectError, 'the proxy refused: no way to log in is acceptable', login],
  ['0502 0101', ConnectError, 'the proxy refused: user or password is wrong', login],
  ['0500 0505', ConnectError, 'the proxy refused: connection refused', undefined],
  ['0500 0502', ConnectError, 'the proxy refused: not allowed by its rules', undefined],
  ['0500 0508', ConnectError, 'the proxy refused: address type not supported', undefined],
  ['0500 0563', ConnectError, 'the proxy refused: reply 99', undefined],
  ['04', ProtocolError, 'is not understood: version must be 5: 4', undefined],
  ['48', ProtocolError, 'is not understood: version must be 5: 72', undefined],
  ['0502', ProtocolError, 'is not understood: method 2 was not offered', undefined],
  ['0501', ProtocolError, 'is not understood: method 1 was not offered', login],
  ['0502 05', ProtocolError, 'is not understood: login version must be 1: 5', login],
  ['0500 04', ProtocolError, 'is not understood: version must be 5: 4', undefined],
  ['0500 05000002 00', ProtocolError, 'is not understood: address type 2', undefined],
])('%s is refused', (answer, kind, message, who) => {
  for (const chunks of chunkings(hex(answer))) {
    const handshake = new Socks5Handshake(target, who);
    const run = (): unknown => play(handshake, chunks);
    expect(run).toThrow(kind);
    expect(() => play(new Socks5Handshake(target, who), chunks)).toThrow(message);
  }
});

test.each([
  [{ host: 'a'.repeat(255), port: 1 }, login],
  [target, { user: 'u'.repeat(255), password: 'p'.repeat(255) }],
])('255 bytes fit', (to, who) => {
  expect(() => new Socks5Handshake(to, who)).not.toThrow();
});

test.each([
  [{ host: 'a'.repeat(256), port: 1 }, login],
  [target, { user: 'u'.repeat(256), password: 'p' }],
  [target, { user: 'u', password: 'é'.repeat(128) }],
  [target, { user: 'u', password: undefined }],
])('one more does not, nor none', (to, who) => {
  expect(() => new Socks5Handshake(to, who)).toThrow(UsageError);
});

test('garbage either waits, opens or is refused, and takes no memory', () => {
  const random = new SeededRandom(11);
  const starts = [Buffer.alloc(0), hex('05'), hex('0500'), hex('0502 0100 05')];
  for (let i = 0; i < 5_000; i++) {
    const handshake = new Socks5Handshake(target, login);
    const queue = new ByteQueue();
    queue.push(starts[random.below(starts.length)] ?? Buffer.alloc(0));
    queue.push(random.bytes(random.below(600)));
    let outcome = '';
    while (outcome === '') {
      try {
        const step = handshake.next(queue);
        if (step.at !== 'send') outcome = step.at;
      } catch (error) {
        outcome = (error as ProtocolError).code;
      }
    }
    expect(['more', 'open', 'HAWSER_PROXY']).toContain(outcome);
    // While it waits there is less than one reply in the queue.
    expect(outcome === 'more' ? queue.length : 0).toBeLessThan(262);
  }
});
