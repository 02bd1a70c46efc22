import { expect, test } from 'vitest';
import { MessageWriter } from '../../src/message/writer.ts';
import { Name } from '../../src/name.ts';
import { parseType } from '../../src/numbers.ts';
import { PackedRRset } from '../../src/zone/packed-rrset.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';

const owner = Name.parse('Host.example.net');
const data: readonly [string, ...(string | string[])[]][] = [
  ['A', '192.0.2.1', '192.0.2.2'],
  ['AAAA', '2001:db8::1'],
  ['TXT', ['short'], ['x'.repeat(255), 'y'.repeat(200)]],
  ['SRV', '0 5 5060 host.example.net'],
  ['CAA', '0 issue "ca.example.net"'],
  ['HTTPS', '1 host.example.net alpn=h2'],
  ['SVCB', '0 host.example.net'],
  ['TLSA', '3 1 1 0123456789abcdef'],
  ['SSHFP', '4 2 0123456789abcdef'],
  ['DS', `1 13 2 ${'0123456789abcdef'.repeat(4)}`],
  ['NSEC', 'host.example.net A AAAA'],
  ['NS', 'host.example.net', 'ns.example.net'],
  ['MX', '10 host.example.net'],
  ['PTR', 'host.example.net'],
];

function written(rrset: RRset, maxBytes = 4096): string {
  const writer = new MessageWriter();
  writer.begin({ id: 1, flags: 0x8000, maxBytes });
  writer.ask(owner, rrset.type);
  const fits = [
    writer.rrset('answer', rrset, { owner: 'question' }),
    writer.rrset('additional', rrset, { ttl: 7 }),
  ];
  return `${fits} ${writer.finish(0).toString('hex')}`;
}

test.each(data)('%s of a zone is written as any other', (...row) => {
  const [type, ...values] = row;
  const rrset = createRRset(owner, parseType(type), { ttl: 60, values });
  const packed = new PackedRRset(owner.wire.toString('latin1'), rrset);
  const whole = written(rrset);
  expect(written(packed)).toBe(whole);
  // Cut at every size, the question alone included.
  for (let maxBytes = 40; maxBytes < whole.length / 2; maxBytes += 3) {
    expect(written(packed, maxBytes)).toBe(written(rrset, maxBytes));
  }
});
