// Queries as a server would give them to handlers.
import type { Reactor } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import type { ClientCertificate, DnsQuery, QueryTransport } from '../../src/contract/query.ts';
import { readMessage } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Opcode, Type } from '../../src/numbers.ts';
import { decodeSoa } from '../../src/rdata/decode-rdata.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import type { RRset } from '../../src/zone/rrset.ts';
import { build, opt, type RawRecord } from '../build.ts';

export interface AskedBy {
  readonly name?: string;
  readonly opcode?: number;
  readonly serial?: number;
  readonly transport?: QueryTransport;
  readonly host?: string;
  readonly key?: string;
  readonly certificate?: Partial<ClientCertificate>;
  readonly udpSize?: number;
  /** Over UDP: there is a cookie of ours. */
  readonly proven?: boolean;
  readonly edns?: Uint8Array | undefined;
  readonly authorities?: readonly RawRecord[];
  readonly reactor?: Reactor;
}

export function soaWire(serial: number): Buffer {
  const zone = newZone(Name.parse('example.net'), { soa: { serial } });
  return zone.soa.records[0]?.wire ?? Buffer.alloc(0);
}

export function toQuery(type: number, asked: AskedBy = {}): DnsQuery {
  const { name = 'example.net', serial, transport = 'tcp', host = '192.0.2.1', key } = asked;
  const { opcode = Opcode.Query, udpSize, edns } = asked;
  const own: readonly RawRecord[] =
    serial === undefined ? [] : [{ type: Type.SOA, rdata: soaWire(serial) }];
  const withOpt = udpSize !== undefined || edns !== undefined;
  const bytes = build({
    flags: opcode << 11,
    questions: [{ name, type }],
    authorities: asked.authorities ?? own,
    additionals: withOpt
      ? [opt({ ...(udpSize !== undefined && { size: udpSize }), ...(edns && { rdata: edns }) })]
      : [],
  });
  const reading = readMessage(bytes);
  if (!reading.ok) throw new Error('the query is malformed');
  const { message } = reading;
  const asName = Name.parse(name);
  return {
    message,
    opcode,
    key: asName.key,
    name: asName,
    type,
    class: 1,
    transport,
    client: { kind: transport === 'udp' ? 'udp' : 'tcp', host, port: 4000, family: 4 },
    flags: opcode << 11,
    edns: message.edns,
    optionBearing: (message.edns?.options.length ?? 0) > 0,
    dnssecOk: false,
    recursionDesired: false,
    checkingDisabled: false,
    tsigKey: key === undefined ? undefined : Name.parse(key),
    clientCertificate: asked.certificate && {
      verified: true,
      subject: 'CN=x',
      keyPin: '',
      isGoodFor: () => false,
      ...asked.certificate,
    },
    addressProven: asked.proven ?? transport !== 'udp',
    reactor: asked.reactor ?? createTestReactor(),
  };
}

/** Records as `name/type/data`, a start of authority as its serial. */
export function lines(rrsets: Iterable<RRset>): string[] {
  const list: string[] = [];
  for (const { name, type, records } of rrsets) {
    for (const { wire } of records) {
      list.push(
        type === Type.SOA
          ? `SOA ${decodeSoa(wire).serial}`
          : `${name} ${type} ${wire.toString('hex')}`,
      );
    }
  }
  return list;
}
