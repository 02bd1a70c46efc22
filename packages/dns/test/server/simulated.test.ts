// The whole service on a simulated network, on virtual time.
import {
  createSimReactor,
  type InetAddress,
  type Port,
  type SimHost,
  stack,
  TLS,
  tls,
} from '@hawser/core';
import { FakeTls } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { codeAnswer } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { dnsStream } from '../../src/server/stream.ts';
import { dnsService } from '../../src/server.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { framed, query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const zone = newZone(Name.parse('example.net'));
const soa = query('example.net', Type.SOA);

function world() {
  const sim = createSimReactor({ seed: 3, trackLeaks: true });
  const server = sim.host('server', { tls: new FakeTls() });
  const client = sim.host('client', { tls: new FakeTls({ certificateNames: ['localhost'] }) });
  const host = server.addresses[0] ?? '';
  return { sim, server, client, host };
}

test('UDP and TCP of one port are answered, and nothing is left when the service has stopped', async () => {
  const { sim, server, client, host } = world();
  const service = dnsService(`${host}:53`, zone);
  await service.start(server);
  const to: InetAddress = { kind: 'udp', host, port: 53, family: 4 };
  const overUdp = await new Promise<Buffer>((resolve) => {
    void client.udp
      .bind({ port: 0 }, { datagramReceived: (data) => resolve(data) })
      .then((port) => port.send(soa, to));
  });
  expect(readReply(overUdp).answer).toHaveLength(1);
  const overTcp = await new Promise<Buffer>((resolve) => {
    void client.tcp.connect({ host, port: 53 }, () => ({
      connectionMade: (transport) => void transport.write(framed(soa)),
      dataReceived: (data) => resolve(data),
    }));
  });
  expect(overTcp.length).toBeGreaterThan(2);
  await service.stop();
  const left = sim.leaks().filter(({ owner, kind }) => owner === 'server' && kind !== 'connection');
  expect(left).toEqual([]);
});

test('while it drains, what was asked is answered and nothing else is', async () => {
  const { server, client, host } = world();
  const waiting: (() => void)[] = [];
  const slow: DnsHandler = () =>
    new Promise((resolve) => waiting.push(() => resolve(codeAnswer(Rcode.NoError))));
  const service = dnsService(`${host}:53`, slow);
  await service.start(server);
  const to: InetAddress = { kind: 'udp', host, port: 53, family: 4 };
  const replies: Buffer[] = [];
  const port = await client.udp.bind(
    { port: 0 },
    { datagramReceived: (data) => void replies.push(data) },
  );
  port.send(soa, to);
  await delayed(client, 100);
  await service.quiesce?.();
  port.send(soa, to);
  await delayed(client, 100);
  expect(waiting).toHaveLength(1);
  const drained = service.drain?.(server.clock.now() + 5000);
  waiting[0]?.();
  expect(await drained).toMatchObject({ 'dns/udp': { finished: 1, aborted: 0 } });
  await delayed(client, 100);
  expect(replies).toHaveLength(1);
  await service.stop();
});

test('no more queries over UDP wait for answers than `maxInFlightUdp`', async () => {
  const { server, client, host } = world();
  const waiting: (() => void)[] = [];
  const slow: DnsHandler = () =>
    new Promise((resolve) => waiting.push(() => resolve(codeAnswer(Rcode.NoError))));
  const service = dnsService([`${host}:53`, `${host}:54`], slow, { maxInFlightUdp: 3 });
  await service.start(server);
  const port = await client.udp.bind({ port: 0 }, { datagramReceived: () => undefined });
  for (let turn = 0; turn < 4; turn++)
    for (const to of service.addresses) port.send(soa, { kind: 'udp', family: 4, ...to });
  await delayed(client, 100);
  expect(waiting).toHaveLength(3);
  expect(service.responder.counters.snapshot().overloaded).toBe(5);
  await service.stop();
  expect(() => dnsService(`${host}:53`, slow, { maxInFlightUdp: 0 })).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
  );
});

test('over TLS a query is known as such, and ALPN is dot', async () => {
  const { server, client, host } = world();
  const seen: string[] = [];
  const responder = new Responder([
    (asked, next) => {
      seen.push(asked.transport);
      return next(asked);
    },
    zone,
  ]);
  await responder.start(server);
  const options = { cert: 'x', key: 'x' };
  await server.tcp.listen({ host, port: 853 }, stack(tls(options))(dnsStream(responder)));
  const alpn = await new Promise((resolve) => {
    void client.tcp.connect({ host, port: 853 }, () => ({
      connectionMade(under) {
        const offer = { alpn: ['dot'], serverName: 'localhost', verify: false };
        client.tls.startClient(under, offer, {
          name: 'dot',
          buildProtocol: () => ({
            connectionMade(transport) {
              transport.write(framed(soa));
              resolve(transport.info(TLS)?.alpn);
            },
            dataReceived: () => undefined,
          }),
        });
      },
      dataReceived: () => undefined,
    }));
  });
  await delayed(client, 1000);
  expect([alpn, ...seen]).toEqual(['dot', 'tls']);
});

function delayed({ clock }: SimHost, ms: number): Promise<void> {
  return new Promise((resolve) => clock.callLater(ms, resolve));
}

test('a service that is stopped while it starts does not start, and leaves nothing behind', async () => {
  const { sim, server, host } = world();
  let go = (): void => {};
  const events: string[] = [];
  const slow: DnsHandler = {
    handle: () => codeAnswer(Rcode.NoError),
    started: async () => {
      events.push('started');
      await new Promise<void>((resolve) => (go = resolve));
    },
    stopped: () => void events.push('stopped'),
  };
  const service = dnsService(`${host}:53`, slow);
  const starting = service.start(server);
  const stopping = service.stop();
  go();
  await expect(starting).rejects.toThrow(/stopped/);
  await stopping;
  expect(events).toEqual(['started', 'stopped']);
  expect(sim.leaks().filter(({ owner }) => owner === 'server')).toEqual([]);
  // Neither is it broken.
  const again = service.start(server);
  go();
  await again;
  expect(service.addresses).toHaveLength(1);
  await service.stop();
});

describe('a port that is free for UDP and TCP', () => {
  /** The ports UDP is given next, taken for TCP by somebody else. */
  async function taken(count: number) {
    const { sim, server, host } = world();
    const bind = async (): Promise<number> => {
      const port = await server.udp.bind({ host, port: 0 }, { datagramReceived: () => undefined });
      await port.stop();
      return port.address.port;
    };
    const first = (await bind()) + 1;
    const others: Port[] = [];
    for (let port = first; port < first + count; port++) {
      // oxlint-disable-next-line no-await-in-loop
      others.push(await server.tcp.listen({ host, port }, () => ({ dataReceived: () => {} })));
    }
    const service = dnsService(`${host}:0`, zone);
    const left = (): readonly unknown[] => sim.leaks().filter(({ owner }) => owner === 'server');
    return { server, host, service, first, others, left };
  }

  test('is looked for until there is one', async () => {
    const { server, service, first, others, left } = await taken(7);
    await service.start(server);
    expect(service.address?.port).toBe(first + 7);
    await service.stop();
    await Promise.all(others.map((port) => port.stop()));
    expect(left()).toEqual([]);
  });

  test('is not looked for for ever: then the service does not start, and leaves nothing', async () => {
    const { server, service, others, left } = await taken(20);
    await expect(service.start(server)).rejects.toMatchObject({ code: 'HAWSER_ADDRESS_IN_USE' });
    expect(service.addresses).toEqual([]);
    await Promise.all(others.map((port) => port.stop()));
    expect(left()).toEqual([]);
    await service.start(server);
    expect(service.addresses).toHaveLength(1);
    await service.stop();
  });

  test('is not looked for where one was asked for', async () => {
    const { server, host, first, others, left } = await taken(1);
    const service = dnsService(`${host}:${first}`, zone);
    await expect(service.start(server)).rejects.toMatchObject({ code: 'HAWSER_ADDRESS_IN_USE' });
    await Promise.all(others.map((port) => port.stop()));
    expect(left()).toEqual([]);
  });

  test('is not looked for because TLS has no port', async () => {
    const tlsOptions = { cert: 'x', key: 'x' };
    const { server, host, first, others, left } = await taken(1);
    const service = dnsService(`${host}:0`, zone, { tls: { ...tlsOptions, port: first } });
    await expect(service.start(server)).rejects.toMatchObject({ code: 'HAWSER_ADDRESS_IN_USE' });
    await Promise.all(others.map((port) => port.stop()));
    expect(left()).toEqual([]);
  });
});
