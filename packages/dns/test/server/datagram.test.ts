import { type DatagramPort, encodeProxyHeader, type InetAddress } from '@hawser/core';
import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { codeAnswer } from '../../src/contract/answer.ts';
import { InFlight } from '../../src/drain.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { DnsDatagramProtocol } from '../../src/server/datagram.ts';
import { Responder } from '../../src/server/responder.ts';
import type { Served } from '../../src/server/to-handlers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const zone = newZone(Name.parse('example.net'));
const own: InetAddress = { kind: 'udp', host: '192.0.2.53', port: 53, family: 4 };
const peer: InetAddress = { kind: 'udp', host: '10.0.0.1', port: 4000, family: 4 };
const client: InetAddress = { kind: 'udp', host: '203.0.113.9', port: 1234, family: 4 };

function serve(served: Served = zone, options: { proxies?: string[]; maxInFlight?: number } = {}) {
  const responder = new Responder(served);
  const reactor = createTestReactor();
  void responder.start(reactor);
  const inFlight = new InFlight();
  const { reports } = reactor;
  const protocol = new DnsDatagramProtocol({ responder, reports, inFlight, ...options });
  const sent: { readonly reply: Buffer; readonly to: InetAddress }[] = [];
  const port = {
    address: own,
    send(reply: Buffer, to: InetAddress) {
      sent.push({ reply, to });
      return true;
    },
  };
  protocol.started(port as unknown as DatagramPort);
  return { protocol, sent, responder, reports };
}

const soa = query('example.net', Type.SOA);

test('a reply goes to where the query came from', () => {
  const { protocol, sent } = serve();
  protocol.datagramReceived(soa, peer);
  expect(sent.map(({ to }) => to)).toEqual([peer]);
  expect(readReply(sent[0]?.reply).answer).toHaveLength(1);
});

test('port 0 and ourselves are not answered', () => {
  const { protocol, sent } = serve();
  protocol.datagramReceived(soa, { ...peer, port: 0 });
  protocol.datagramReceived(soa, own);
  expect(sent).toEqual([]);
  // Somebody else on this machine, and somebody else at that port.
  protocol.datagramReceived(soa, { ...own, port: 4000 });
  protocol.datagramReceived(soa, { ...peer, port: 53 });
  expect(sent).toHaveLength(2);
});

test('after quiesce nothing is answered, and after the end nothing is sent', async () => {
  const waiting: (() => void)[] = [];
  const { protocol, sent } = serve(
    () => new Promise((resolve) => waiting.push(() => resolve(codeAnswer(Rcode.NoError)))),
  );
  protocol.datagramReceived(soa, peer);
  protocol.quiesce();
  protocol.datagramReceived(soa, peer);
  expect(waiting).toHaveLength(1);
  protocol.stopped({ kind: 'done' });
  waiting[0]?.();
  await Promise.resolve();
  expect(sent).toEqual([]);
});

test('over the limit of queries that wait, no more are begun until one is answered', async () => {
  const waiting: (() => void)[] = [];
  const { protocol, responder, sent } = serve(
    () => new Promise((resolve) => waiting.push(() => resolve(codeAnswer(Rcode.NoError)))),
    { maxInFlight: 3 },
  );
  for (let index = 0; index < 10; index++) protocol.datagramReceived(soa, peer);
  expect(waiting).toHaveLength(3);
  expect(responder.counters.snapshot()).toMatchObject({ overloaded: 7, queries: { udp: 3 } });
  waiting[0]?.();
  await new Promise(setImmediate);
  expect(sent).toHaveLength(1);
  protocol.datagramReceived(soa, peer);
  expect(waiting).toHaveLength(4);
});

test.each([0, Number.NaN])('a limit of %d is a mistake', (maxInFlight) => {
  expect(() => serve(zone, { maxInFlight })).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
  );
});

test('behind a proxy the client is whom the header names, and the reply goes to the proxy', () => {
  const seen: unknown[] = [];
  const { protocol, sent } = serve(
    [
      (asked, next) => {
        seen.push(asked.client);
        return next(asked);
      },
      zone,
    ],
    { proxies: ['10.0.0.0/8'] },
  );
  const header = encodeProxyHeader({ version: 2, source: client, destination: own });
  protocol.datagramReceived(Buffer.concat([header, soa]), peer);
  expect(seen).toEqual([client]);
  expect(sent.map(({ to }) => to)).toEqual([peer]);
});

test.each([
  [
    'whoever is no proxy',
    Buffer.concat([encodeProxyHeader({ version: 2, source: client, destination: own }), soa]),
    client,
  ],
  ['a message without a header', soa, peer],
  [
    'half a header',
    encodeProxyHeader({ version: 2, source: client, destination: own }).subarray(0, 20),
    peer,
  ],
  [
    'a header without a message',
    encodeProxyHeader({ version: 2, source: client, destination: own }),
    peer,
  ],
  ['a header of the proxy itself', Buffer.concat([encodeProxyHeader({ version: 2 }), soa]), peer],
])('behind a proxy %s is ignored', (_, data, from) => {
  const { protocol, sent, reports } = serve(zone, { proxies: ['10.0.0.0/8'] });
  protocol.datagramReceived(data, from);
  expect(sent).toEqual([]);
  expect(reports.problems).toEqual([]);
});
