import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createNodeReactor, encodeProxyHeader } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';
import { afterEach, expect, test } from 'vitest';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { type DnsService, type DnsServiceOptions, dnsService } from '../../src/server.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { framed, query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const zone = newZone(Name.parse('example.net'));
const soa = query('example.net', Type.SOA);
const loopback = '127.0.0.1';

const started: DnsService[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

async function start(
  where: string | string[],
  options: DnsServiceOptions = {},
  served: Parameters<typeof dnsService>[1] = zone,
) {
  const service = dnsService(where, served, options);
  await service.start(createNodeReactor());
  started.push(service);
  return service;
}

function overUdp(message: Buffer, to: { host: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(to.host.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', reject);
    socket.on('message', (reply) => socket.close(() => resolve(reply)));
    socket.send(message, to.port, to.host);
  });
}

function overTcp(bytes: Buffer, to: { host: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(to.port, to.host, () => socket.end(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).subarray(2)));
  });
}

test('several addresses are served by one service, IPv4 and IPv6, UDP and TCP', async () => {
  const { addresses } = await start(['127.0.0.1:0', '127.0.0.2:0', '[::1]:0']);
  expect(addresses.map(({ host }) => host)).toEqual(['127.0.0.1', '127.0.0.2', '::1']);
  for (const address of addresses) {
    expect(readReply(await overUdp(soa, address)).answer).toHaveLength(1);
    expect(readReply(await overTcp(framed(soa), address)).answer).toHaveLength(1);
  }
});

test('if one address cannot be bound, none is, and the service can be started again', async () => {
  const taken = await start('127.0.0.1:0');
  const port = taken.address?.port ?? 0;
  const events: string[] = [];
  const handler: DnsHandler = {
    handle: (asked, next) => next(asked),
    started: () => void events.push('started'),
    stopped: () => void events.push('stopped'),
  };
  const service = dnsService(['127.0.0.2:0', `127.0.0.1:${port}`], [handler, zone]);
  const reactor = createNodeReactor();
  await expect(service.start(reactor)).rejects.toMatchObject({ code: 'HAWSER_ADDRESS_IN_USE' });
  expect(service.addresses).toEqual([]);
  expect(events).toEqual(['started', 'stopped']);
  await taken.stop();
  await service.start(reactor);
  started.push(service);
  expect(service.addresses).toHaveLength(2);
});

test('a responder of two services is started once and stopped with the last', async () => {
  const events: string[] = [];
  const responder = new Responder([
    {
      handle: (asked, next) => next(asked),
      started: () => void events.push('started'),
      stopped: () => void events.push('stopped'),
    },
    zone,
  ]);
  const one = await start('127.0.0.1:0', {}, responder);
  const two = await start('127.0.0.1:0', {}, responder);
  await one.stop();
  expect(events).toEqual(['started']);
  expect(readReply(await overUdp(soa, two.address ?? { host: '', port: 0 })).answer).toHaveLength(
    1,
  );
  await two.stop();
  expect(events).toEqual(['started', 'stopped']);
});

test('TLS is served beside the rest, by ALPN and without', async () => {
  const { cert, key } = createTestAuthority().server('localhost');
  const service = await start('127.0.0.1:0', { tls: { cert, key, port: 0 } });
  const { port = 0 } = service.tlsAddresses[0] ?? {};
  const seen = await Promise.all(
    [['dot'], undefined].map(
      (ALPNProtocols) =>
        new Promise((resolve, reject) => {
          const options = { host: loopback, port, rejectUnauthorized: false };
          const socket = connectTls({ ...options, ...(ALPNProtocols && { ALPNProtocols }) }, () =>
            socket.write(framed(soa)),
          );
          socket.on('error', reject);
          socket.on('data', (chunk) => {
            resolve([socket.alpnProtocol, readReply(chunk.subarray(2)).counts[1]]);
            socket.destroy();
          });
        }),
    ),
  );
  expect(seen).toEqual([
    ['dot', 1],
    [false, 1],
  ]);
});

test('behind a load balancer the client is whom the PROXY header names, over UDP and TCP', async () => {
  const seen: string[] = [];
  const handler: DnsHandler = (asked, next) => {
    seen.push('host' in asked.client ? asked.client.host : '');
    return next(asked);
  };
  const service = await start('127.0.0.1:0', { proxy: { trust: [loopback] } }, [handler, zone]);
  const address = service.address ?? { host: '', port: 0 };
  const header = encodeProxyHeader({
    source: { kind: 'tcp', host: '203.0.113.9', port: 1234, family: 4 },
    destination: { kind: 'tcp', host: loopback, port: 53, family: 4 },
  });
  await overUdp(Buffer.concat([header, soa]), address);
  await overTcp(Buffer.concat([header, framed(soa)]), address);
  expect(seen).toEqual(['203.0.113.9', '203.0.113.9']);
});

test('connections above the limit of a network are refused', async () => {
  const service = await start('127.0.0.1:0', { maxConnectionsPerNetwork: 2 });
  const { host, port } = service.address ?? { host: '', port: 0 };
  const open = [connect(port, host), connect(port, host)];
  await Promise.all(
    open.map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
  );
  await expect(overTcp(framed(soa), { host, port })).rejects.toMatchObject({ code: 'ECONNRESET' });
  for (const socket of open) socket.destroy();
});
