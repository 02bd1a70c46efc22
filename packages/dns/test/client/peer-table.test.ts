import { CancelledError, createSimReactor } from '@hawser/core';
import { expect, test } from 'vitest';
import { newCounters } from '../../src/client/client-counters.ts';
import { PeerTable } from '../../src/client/peer-table.ts';
import { FakeServer, rr } from './fake-server.ts';

const options = {
  udpPayloadBytes: 1232,
  mixedCase: true,
  cookies: true,
  maxMismatches: 3,
  https: undefined,
  maxConnections: 2,
  maxInFlight: 10,
  idleMs: 60_000,
  connectTimeoutMs: 1_000,
};

test('the same server is the same peer, however it is written', () => {
  const reactor = createSimReactor().host('client');
  const peers = new PeerTable(reactor, { ...options, counters: newCounters(), maxServers: 10 });
  expect(peers.get('192.0.2.1')).toBe(peers.get({ host: '192.0.2.1', port: 53 }));
  expect(peers.get('2001:db8::1')).toBe(peers.get('[2001:DB8:0::1]:53'));
  expect(peers.get('192.0.2.1')).not.toBe(peers.get('tcp://192.0.2.1'));
  expect(peers.get('tls://192.0.2.1#a')).not.toBe(peers.get('tls://192.0.2.1#b'));
});

test('who trusts differently does not share connections', () => {
  const reactor = createSimReactor().host('client');
  const peers = new PeerTable(reactor, { ...options, counters: newCounters(), maxServers: 10 });
  const server = { host: '192.0.2.1', transport: 'tls' } as const;
  const trusting = { verify: false };
  expect(peers.get({ ...server, tls: trusting })).toBe(peers.get({ ...server, tls: trusting }));
  expect(peers.get({ ...server, tls: trusting })).not.toBe(
    peers.get({ ...server, tls: { verify: false } }),
  );
  expect(peers.get({ ...server, tls: trusting })).not.toBe(peers.get(server));
});

test('so many servers are remembered; those with connections are not forgotten', async () => {
  const sim = createSimReactor();
  const serverHost = sim.host('server');
  await FakeServer.start(serverHost, () => ({ answer: [rr('a.example 60 A 192.0.2.1')] }));
  const peers = new PeerTable(sim.host('client'), {
    ...options,
    counters: newCounters(),
    maxServers: 2,
  });
  const busy = `tcp://${serverHost.addresses[0]}`;
  const peer = peers.get(busy);
  await peer.ask({ name: 'a.example', type: 'A' }, { timeoutMs: 1_000 });
  const first = peers.get('192.0.2.1');
  peers.get('192.0.2.2');
  expect(peers.get('192.0.2.1')).not.toBe(first);
  expect(peers.get(busy)).toBe(peer);
  peers.close();
});

test('more servers than that at a time are HAWSER_DNS_BUSY', async () => {
  const sim = createSimReactor();
  const serverHost = sim.host('server');
  await FakeServer.start(serverHost, () => ({ answer: [rr('a.example 60 A 192.0.2.1')] }));
  const peers = new PeerTable(sim.host('client'), {
    ...options,
    counters: newCounters(),
    maxServers: 1,
  });
  const peer = peers.get(`tcp://${serverHost.addresses[0]}`);
  await peer.ask({ name: 'a.example', type: 'A' }, { timeoutMs: 1_000 });
  expect(() => peers.get('192.0.2.1')).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_BUSY' }),
  );
  peers.close();
});

test('one that is being asked is not forgotten, so that closing the table ends what it begins', async () => {
  const sim = createSimReactor();
  const serverHost = sim.host('server');
  await FakeServer.start(serverHost, () => undefined);
  const peers = new PeerTable(sim.host('client'), {
    ...options,
    counters: newCounters(),
    maxServers: 1,
  });
  const [address = ''] = serverHost.addresses;
  const peer = peers.get(address);
  const asking = peer.ask({ name: 'a.example', type: 'A' }, { timeoutMs: 1_000 });
  expect(() => peers.get('192.0.2.1')).toThrow(
    expect.objectContaining({ code: 'HAWSER_DNS_BUSY' }),
  );
  asking.cancel();
  await expect(asking).rejects.toBeInstanceOf(CancelledError);
  expect(peers.get('192.0.2.1')).not.toBe(peer);
  peers.close();
});
