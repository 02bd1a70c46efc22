// Requests as programs in the wild sign them. Made with `-y <algorithm>:Update.Key.example:<secret>` by dig 9.18.48,
// kdig 3.2.6 and nsupdate 9.18.48, taken from the wire.
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/message/parse-message.ts';
import { readMessage } from '../../src/message/reader.ts';
import { parseTsigKey } from '../../src/tsig/key-text.ts';
import { Keyring } from '../../src/tsig/keyring.ts';
import { verifyTsig } from '../../src/tsig/verify.ts';

const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMw==';

const requests = [
  {
    by: 'dig',
    algorithm: 'hmac-sha512',
    nowSeconds: 0x6b03f697,
    hex: '1f9a0120000100000000000203777777076578616d706c65036e657400001c000100002904d000000000000006757064617465036b6579076578616d706c650000fa00ff00000000005d0b686d61632d7368613531320000006b03f697012c0040586ba85985018307527b8c20b26c04bb01fec816ae3cc9822fe3f4e8e060bfe2f24ca20a7579b2f07bacd3c8d6248f50ad963b49629f1f0bdb000ae98919aa4a1f9a00000000',
  },
  {
    by: 'kdig',
    algorithm: 'hmac-sha256',
    nowSeconds: 0x6b03f698,
    hex: '6f010120000100000000000103777777076578616d706c65036e657400001c000106757064617465036b6579076578616d706c650000fa00ff00000000003d0b686d61632d7368613235360000006b03f698012c0020692f1f7ef41f01ae48f6354911be90e2e793eea964f50ea6eb969008a36fa0096f0100000000',
  },
  {
    by: 'nsupdate',
    algorithm: 'hmac-sha1',
    nowSeconds: 0x6b03f699,
    hex: '71e728000001000100030001076578616d706c65036e657400000600010161c00c00ff00ff000000000000c01d000f00010000003c0009000a046d61696cc00c0162c00c000100ff0000000000000163c00c000100fe000000000004c000020106757064617465036b6579076578616d706c650000fa00ff00000000002f09686d61632d736861310000006b03f699012c001404e0bf41e7f05fb2bcbf3a053b76b76f7184a23d71e700000000',
  },
];

describe.each(requests)('a request of $by with $algorithm', ({ algorithm, nowSeconds, hex }) => {
  const bytes = Buffer.from(hex, 'hex');
  const keyring = new Keyring([parseTsigKey(`${algorithm}:update.key.example:${secret}`)]);

  test('is verified', () => {
    const reading = readMessage(bytes);
    if (!reading.ok) throw new Error('malformed');
    expect(verifyTsig(reading.message, { keyring, nowSeconds })).toMatchObject({
      kind: 'verified',
      record: { fudge: 300, error: 0 },
    });
  });

  test('is not verified if any of its octets is another', () => {
    const kinds = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      const reading = readMessage(changed);
      const kind = reading.ok
        ? verifyTsig(reading.message, { keyring, nowSeconds }).kind
        : 'malformed';
      // The id of the message is not covered: the original one is.
      if (at >= 2) kinds.add(kind);
    }
    expect(kinds).toContain('refused');
    expect(kinds).not.toContain('verified');
  });
});

test('an update of nsupdate is read whole', () => {
  const message = parseMessage(Buffer.from(requests[2]?.hex ?? '', 'hex'));
  if ('error' in message) throw new Error(message.error);
  const lines = [...message.answer, ...message.authority].map(
    ({ name, type, class: klass, ttl, rdata }) =>
      `${name} ${ttl} ${klass} ${type} ${rdata?.wire.toString('hex') ?? '-'}`,
  );
  expect(message).toMatchObject({ opcode: 5, additional: [], question: { type: 6 } });
  expect(lines).toEqual([
    'a.example.net 0 255 255 -',
    'a.example.net 60 1 15 000a046d61696c076578616d706c65036e657400',
    'b.example.net 0 255 1 -',
    'c.example.net 0 254 1 c0000201',
  ]);
});
