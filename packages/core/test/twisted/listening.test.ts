import { expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';

class Quiet implements Protocol {
  dataReceived(): void {}
}

function twoHosts() {
  const sim = createSimReactor();
  const [server, client] = sim.hosts('server', 'client');
  return { sim, server, client };
}

test('a factory hears of each port that starts and stops with it', () => {
  const { sim, server } = twoHosts();
  const heard: string[] = [];
  const portOf = ({ address }: Port): number => ('port' in address ? address.port : 0);
  const factory: Factory = {
    name: 'quiet',
    buildProtocol: () => new Quiet(),
    started: (port) => void heard.push(`started ${portOf(port)}`),
    stopped: (port) => void heard.push(`stopped ${portOf(port)}`),
  };
  const one = sim.sync.until(server.tcp.listen({ port: 1 }, factory));
  const two = sim.sync.until(server.tcp.listen({ port: 2 }, factory));
  sim.sync.until(one.stop());
  sim.sync.until(one.stop());
  sim.sync.until(two.stop());
  expect(heard).toEqual(['started 1', 'started 2', 'stopped 1', 'stopped 2']);
});

test('port 0 becomes the port that was chosen', () => {
  const { sim, server, client } = twoHosts();
  const port = sim.sync.until(server.tcp.listen({ port: 0 }, () => new Quiet()));
  const { address } = port;
  const chosen = 'port' in address ? address.port : 0;
  expect(chosen).toBeGreaterThan(0);
  sim.sync.until(client.tcp.connect({ host: 'server', port: chosen }, () => new Quiet()));
});

test('a port that has stopped accepting leaves its connections alone', () => {
  const { sim, server, client } = twoHosts();
  const port = sim.sync.until(
    server.tcp.listen({ port: 1 }, () => {
      const echo: Protocol = {
        connectionMade(transport) {
          echo.dataReceived = (data) => void transport.write(data);
        },
        dataReceived: () => undefined,
      };
      return echo;
    }),
  );
  const heard: string[] = [];
  const transport = sim.sync.until(
    client.tcp.connect({ host: 'server', port: 1 }, () => ({
      dataReceived: (data) => void heard.push(String(data)),
    })),
  );
  sim.sync.advance(10);
  sim.sync.until(port.quiesce());
  expect(port.connections).toBe(1);
  transport.write(Buffer.from('still there?'));
  sim.sync.advance(1_000);
  expect(heard.join('')).toBe('still there?');
  expect(() =>
    sim.sync.until(client.tcp.connect({ host: 'server', port: 1 }, () => new Quiet())),
  ).toThrow(expect.objectContaining({ code: 'HAWSER_CONNECT' }));
});

test('connecting gives the protocol after connectionMade and before any data', () => {
  const { sim, server, client } = twoHosts();
  sim.sync.until(
    server.tcp.listen({ port: 1 }, () => ({
      connectionMade: (transport) => void transport.write(Buffer.from('hello')),
      dataReceived: () => undefined,
    })),
  );
  const heard: string[] = [];
  const protocol: Protocol = {
    connectionMade: () => void heard.push('made'),
    dataReceived: () => void heard.push('data'),
  };
  const connected = parseClientEndpoint('tcp://server:1').connect(client, () => protocol);
  void connected.addCallback(() => void heard.push('connected'));
  expect(sim.sync.until(connected)).toBe(protocol);
  sim.sync.advance(100);
  expect(heard.slice(0, 3)).toEqual(['made', 'connected', 'data']);
});

test('connecting with a factory that refuses rejects', () => {
  const { sim, server, client } = twoHosts();
  sim.sync.until(server.tcp.listen({ port: 1 }, () => new Quiet()));
  const refusing = client.tcp.connect({ host: 'server', port: 1 }, () => undefined);
  expect(() => sim.sync.until(refusing)).toThrow(
    expect.objectContaining({ code: 'HAWSER_REFUSED' }),
  );
});

test('connecting that is cancelled never makes a connection', () => {
  const { sim, server, client } = twoHosts();
  sim.link(server, client, { latencyMs: 100 });
  const heard: string[] = [];
  sim.sync.until(server.tcp.listen({ port: 1 }, () => new Quiet()));
  const connecting = client.tcp.connect({ host: 'server', port: 1 }, () => ({
    connectionMade: () => void heard.push('made'),
    dataReceived: () => undefined,
  }));
  sim.sync.advance(50);
  connecting.cancel('changed my mind');
  expect(connecting.peek()).toMatchObject({
    state: 'rejected',
    error: { code: 'HAWSER_CANCELLED', cause: 'changed my mind' },
  });
  void connecting.addErrback(() => undefined);
  sim.sync.advance(10_000);
  expect(heard).toEqual([]);
  expect(sim.netstat(client)).toEqual([]);
});
