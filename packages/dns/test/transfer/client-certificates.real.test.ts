// Who may copy a zone by the certificate of the client (RFC 9103 §9.3.3), over real TLS.
import { createHash, X509Certificate } from 'node:crypto';
import { createNodeReactor, type TlsClientOptions } from '@hawser/core';
import { createTestAuthority, EXPIRED } from '@hawser/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { dnsClient } from '../../src/client/dns-client.ts';
import type { DnsServerOptions } from '../../src/client/dns-server.ts';
import type { ClientCertificate } from '../../src/contract/query.ts';
import { Name } from '../../src/name.ts';
import { Rcode } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { type DnsService, type DnsTlsOptions, dnsService } from '../../src/server.ts';
import type { ClientRule } from '../../src/transfer/client-rule.ts';
import { secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { transfers } from '../../src/transfer/transfers.ts';
import { JournaledZone } from './journaled-zone.ts';

const authority = createTestAuthority();
const strangers = createTestAuthority();
const { ca } = authority;
const ns2 = authority.client('ns2.example.net');
const pinOf = ({ cert }: { readonly cert: string }): string =>
  createHash('sha256')
    .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

const started: DnsService[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

/** A server of a zone with 5 hosts, and how to reach it with what a client shows. */
async function primary(rule: ClientRule, tls: Partial<DnsTlsOptions> = {}) {
  const zone = new JournaledZone().fill(5);
  const seen: (ClientCertificate | undefined)[] = [];
  const responder = new Responder([
    (query, next) => {
      seen.push(query.clientCertificate);
      return next(query);
    },
    transfers(zone, { allow: [rule] }),
    zone,
  ]);
  const service = dnsService('127.0.0.1:0', responder, {
    tls: { ...authority.server('localhost'), ca, clientCertificates: 'request', ...tls, port: 0 },
  });
  await service.start(createNodeReactor());
  started.push(service);
  const at = (shown: TlsClientOptions): DnsServerOptions => ({
    host: '127.0.0.1',
    port: service.tlsAddresses[0]?.port,
    transport: 'tls',
    serverName: 'localhost',
    tls: { ca, ...shown },
  });
  return { zone, seen, at };
}

/** How many records come; the response code of a refusal. */
async function copied(server: DnsServerOptions): Promise<number | string> {
  await using client = dnsClient({ reactor: createNodeReactor() });
  let count = 0;
  try {
    for await (const records of client.transfer(Name.parse('example.net'), server))
      count += records.length;
    return count;
  } catch (error) {
    const { rcode, code } = error as { readonly rcode?: number; readonly code: string };
    return rcode === Rcode.Refused ? 'REFUSED' : code;
  }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s', (version) => {
  const versions = { minVersion: version, maxVersion: version };

  test.each([
    ['the name of the rule', 8, ns2],
    ['the name of the rule in capitals', 8, authority.client('NS2.example.net')],
    ['another name', 'REFUSED', authority.client('ns3.example.net')],
    ['a name below it', 'REFUSED', authority.client('x.ns2.example.net')],
    ['a pattern for it', 'REFUSED', authority.client('*.example.net')],
    ['the name, but by somebody else', 'REFUSED', strangers.client('ns2.example.net')],
    ['the name, but expired', 'REFUSED', authority.client('ns2.example.net', EXPIRED)],
    ['nothing', 'REFUSED', {}],
  ])('a client that shows %s gets %s', async (_, expected, shown) => {
    const { at } = await primary({ certificate: 'ns2.example.net' }, versions);
    expect(await copied(at(shown))).toBe(expected);
  });
});

test('a public key is good whoever has made its certificate, and nobody else has it', async () => {
  const known = strangers.client('whoever');
  const { at, seen } = await primary({ keyPin: [pinOf(ns2), pinOf(known)] });
  expect(await copied(at(known))).toBe(8);
  expect(await copied(at(ns2))).toBe(8);
  expect(await copied(at(strangers.client('whoever')))).toBe('REFUSED');
  expect(await copied(at({}))).toBe('REFUSED');
  expect(seen.map((each) => each?.verified)).toEqual([false, true, false, undefined]);
  expect(seen[0]).toMatchObject({ subject: 'CN=whoever', keyPin: pinOf(known) });
  expect(seen[0]?.isGoodFor('whoever')).toBe(false);
  expect(seen[1]?.isGoodFor('ns2.example.net')).toBe(true);
});

test('a session that is taken up again is still that of the same client', async () => {
  const { at } = await primary({ certificate: 'ns2.example.net' });
  const server = at(ns2);
  expect([await copied(server), await copied(server), await copied(server)]).toEqual([8, 8, 8]);
  expect(await copied(at(authority.client('ns3.example.net')))).toBe('REFUSED');
});

test('where a certificate is required, who has none is not served at all', async () => {
  const { at, seen } = await primary({ tls: true }, { clientCertificates: 'require' });
  expect(await copied(at(ns2))).toBe(8);
  expect(await copied(at({}))).toBe('HAWSER_DNS_NETWORK');
  expect(seen).toHaveLength(1);
});

test('a secondary shows its certificate, and has the zone', async () => {
  const { at, zone } = await primary({ certificate: ['ns2.example.net'], tls: true });
  const copy = secondaryZone('example.net', { primaries: [at(ns2)] });
  const other = secondaryZone('example.net', { primaries: [at({})] });
  for (const each of [copy, other]) {
    const service = dnsService('127.0.0.1:0', each);
    // oxlint-disable-next-line no-await-in-loop
    await service.start(createNodeReactor());
    started.push(service);
  }
  await Promise.all([copy.refresh(), other.refresh()]);
  expect(copy.snapshot?.serial).toBe(zone.snapshot?.serial);
  expect([other.state, other.lastError?.message]).toEqual([
    'empty',
    expect.stringContaining('REFUSED'),
  ]);
});
