import { expect, test } from 'vitest';
import type { InetAddress } from '../../src/contract/address.ts';
import type { DatagramPort } from '../../src/contract/udp.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const host = '127.0.0.1';

function setUp() {
  const reports = new CollectedReports();
  return { reports, reactor: createNodeReactor({ reports }) };
}

test('a datagram is echoed to where it came from, and stopped comes once', async () => {
  const { reactor, reports } = setUp();
  const stops: unknown[] = [];
  let port: DatagramPort | undefined;
  const server = await reactor.udp.bind(
    { host, port: 0 },
    {
      started: (started) => {
        port = started;
      },
      datagramReceived: (data, from) => void port?.send(data, from),
      stopped: (reason) => stops.push(reason),
    },
  );
  let heard: (answer: [string, InetAddress]) => void = () => undefined;
  const answer = new Promise<[string, InetAddress]>((done) => {
    heard = done;
  });
  const client = await reactor.udp.bind(
    { host, port: 0 },
    { datagramReceived: (data, from) => heard([String(data), from]) },
  );
  expect(client.send(Buffer.from('hello'), server.address)).toBe(true);
  expect(await answer).toEqual(['hello', server.address]);
  await Promise.all([client.stop(), server.stop(), server.stop()]);
  expect(stops).toEqual([{ kind: 'done' }]);
  expect(client.send(Buffer.from('late'), server.address)).toBe(false);
  expect(reports.problems).toEqual([]);
});

test('who sends from port 0 is not answered, and that is nobody to tell of', async () => {
  const { reactor, reports } = setUp();
  const port = await reactor.udp.bind({ host, port: 0 }, { datagramReceived: () => undefined });
  expect(port.send(Buffer.from('x'), { kind: 'udp', host, port: 0, family: 4 })).toBe(false);
  expect(reports.problems).toEqual([]);
  await port.stop();
});

test('what cannot be delivered is nobody to tell of, and the port lives on', async () => {
  const { reactor, reports } = setUp();
  let heard: (text: string) => void = () => undefined;
  const text = new Promise<string>((done) => {
    heard = done;
  });
  const port = await reactor.udp.bind(
    { host, port: 0 },
    { datagramReceived: (data) => heard(String(data)) },
  );
  port.send(Buffer.from('x'), { kind: 'udp', host: '2001:db8::1', port: 9, family: 6 });
  port.send(Buffer.from('x'), { kind: 'udp', host: '203.0.113.1', port: 9, family: 4 });
  port.send(Buffer.alloc(70_000), port.address);
  port.send(Buffer.from('last'), port.address);
  expect(await text).toBe('last');
  expect(reports.problems).toEqual([]);
  await port.stop();
});

test('a full send queue drops, says so and counts', async () => {
  const { reactor } = setUp();
  const options = { host, port: 0, maxSendQueueBytes: 10 };
  const port = await reactor.udp.bind(options, { datagramReceived: () => undefined });
  expect(port.send(Buffer.alloc(11), port.address)).toBe(false);
  expect(port.dropped).toBe(1);
  await port.stop();
});

test('a throw in datagramReceived is reported and the port lives on', async () => {
  const { reactor, reports } = setUp();
  let count = 0;
  let second: () => void = () => undefined;
  const both = new Promise<void>((done) => {
    second = done;
  });
  const port = await reactor.udp.bind(
    { host, port: 0 },
    {
      datagramReceived() {
        count += 1;
        if (count === 1) throw new Error('a mistake');
        second();
      },
    },
  );
  port.send(Buffer.from('1'), port.address);
  port.send(Buffer.from('2'), port.address);
  await both;
  expect(reports.problems.map(({ where }) => where)).toEqual([
    `udp:${port.address.port}.datagramReceived`,
  ]);
  await port.stop();
});

test('a port in use is HAWSER_ADDRESS_IN_USE, and an IPv4 client of a dual-stack port is IPv4', async () => {
  const { reactor } = setUp();
  let heard: (from: InetAddress) => void = () => undefined;
  const seen = new Promise<InetAddress>((done) => {
    heard = done;
  });
  const port = await reactor.udp.bind({ port: 0 }, { datagramReceived: (_, from) => heard(from) });
  await expect(
    reactor.udp.bind({ port: port.address.port }, { datagramReceived: () => undefined }),
  ).rejects.toMatchObject({ code: 'HAWSER_ADDRESS_IN_USE' });
  const client = await reactor.udp.bind({ host, port: 0 }, { datagramReceived: () => undefined });
  client.send(Buffer.from('x'), { ...client.address, port: port.address.port });
  expect(await seen).toEqual(client.address);
  await Promise.all([client.stop(), port.stop()]);
});
