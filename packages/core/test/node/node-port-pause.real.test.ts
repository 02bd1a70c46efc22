import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { Factory } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

const host = '127.0.0.1';

/** Greets, and echoes. */
class Echo implements Protocol {
  #transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.#transport = transport;
    transport.write(Buffer.from('!'));
  }
  dataReceived(data: Buffer): void {
    this.#transport?.write(data);
  }
}

function setUp(options: { readonly maxConnections?: number } = {}) {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports, ...options });
  const built: number[] = [];
  const factory: Factory = {
    name: 'echo',
    buildProtocol: ({ id }) => {
      built.push(id);
      return new Echo();
    },
  };
  return { reactor, reports, factory, built };
}

/** A client, and what it has heard. */
class Client {
  readonly socket: Socket;
  heard = '';

  constructor(port: Port) {
    this.socket = connect({ host, port: 'port' in port.address ? port.address.port : 0 });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => {
      this.heard += String(data);
    });
  }

  async connected(): Promise<this> {
    if (this.socket.connecting) {
      await new Promise<void>((done) => this.socket.once('connect', done).once('close', done));
    }
    return this;
  }
  async hears(text: string): Promise<void> {
    while (!this.heard.endsWith(text)) {
      await new Promise<void>((done) => this.socket.once('data', () => done()));
    }
  }
  async closed(): Promise<void> {
    if (!this.socket.closed) await new Promise<void>((done) => this.socket.once('close', done));
  }
}

test('while accepting is paused clients wait, and are served afterwards in order, with what they sent', async () => {
  const { reactor, factory, built } = setUp();
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  const early = new Client(port);
  await early.hears('!');
  const first = port.pauseAccepting?.();
  const second = port.pauseAccepting?.();
  const [a, b] = [new Client(port), new Client(port)];
  await Promise.all([a.connected(), b.connected()]);
  a.socket.write('hello');
  // Open connections are left alone. What they hear comes after what waits.
  early.socket.write('more');
  await early.hears('!more');
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  expect([built.length, port.connections, a.heard, b.heard]).toEqual([1, 1, '', '']);
  second?.[Symbol.dispose]();
  await Promise.all([a.hears('!hello'), b.hears('!')]);
  expect(built).toEqual([1, 2, 3]);
  expect(port.connections).toBe(3);
  await port.stop();
});

test('a resume serves only until the next pause', async () => {
  const { reactor, factory, built } = setUp();
  const port = await reactor.tcp.listen(
    { host, port: 0 },
    {
      name: 'one at a time',
      buildProtocol(incoming) {
        const pause = port.pauseAccepting?.();
        incoming.onClose(() => pause?.[Symbol.dispose]());
        return factory.buildProtocol(incoming);
      },
    },
  );
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await new Client(port).connected());
  for (const [at, client] of clients.entries()) {
    await client.hears('!');
    expect(built).toHaveLength(at + 1);
    expect(port.connections).toBe(1);
    client.socket.destroy();
  }
  await port.stop();
});

test('a client that goes away while it waits is never served', async () => {
  const { reactor, factory, built } = setUp();
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  const pause = port.pauseAccepting?.();
  const gone = await new Client(port).connected();
  const stays = await new Client(port).connected();
  gone.socket.resetAndDestroy();
  await gone.closed();
  // The answer to this shows that the reset has arrived as well.
  const probe = await reactor.tcp.listen({ host, port: 0 }, factory);
  await new Client(probe).hears('!');
  pause?.[Symbol.dispose]();
  await stays.hears('!');
  expect(port.connections).toBe(1);
  expect(built).toHaveLength(2);
  await Promise.all([port.stop(), probe.stop()]);
});

test('more clients than the backlog holds are turned away', async () => {
  const { reactor, factory } = setUp();
  const port = await reactor.tcp.listen({ host, port: 0, backlog: 2 }, factory);
  const pause = port.pauseAccepting?.();
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await new Client(port).connected());
  await clients[2]?.closed();
  expect(clients[2]?.heard).toBe('');
  pause?.[Symbol.dispose]();
  await Promise.all([clients[0]?.hears('!'), clients[1]?.hears('!')]);
  await port.stop();
});

test('a port that is quiesced serves who waits, as they were accepted', async () => {
  const { reactor, factory } = setUp();
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  const early = new Client(port);
  await early.hears('!');
  const pause = port.pauseAccepting?.();
  const client = await new Client(port).connected();
  // What is answered after it has connected was read after it was accepted, or in the same turn.
  for (const question of ['1', '2']) {
    early.socket.write(question);
    await early.hears(question);
  }
  await port.quiesce();
  await client.hears('!');
  pause?.[Symbol.dispose]();
  expect(port.connections).toBe(2);
  await port.stop();
  await client.closed();
});

test('a reactor has no more connections than it may: accepting closes, connecting fails, and closing makes room', async () => {
  const { reactor, reports, factory } = setUp({ maxConnections: 2 });
  const port = await reactor.tcp.listen({ host, port: 0 }, factory);
  const [one, two] = [new Client(port), new Client(port)];
  await Promise.all([one.hears('!'), two.hears('!')]);
  const third = new Client(port);
  await third.closed();
  expect(third.heard).toBe('');
  expect(reports.problems.map(({ error }) => String(error))).toEqual([
    'ConnectionError: Cannot take a connection as this reactor may have no more than 2',
  ]);
  const where = 'port' in port.address ? port.address.port : 0;
  const refused = { name: 'ConnectError', code: 'HAWSER_BUDGET' };
  await expect(reactor.tcp.connect({ host, port: where }, factory)).rejects.toMatchObject(refused);
  await expect(reactor.unix.connect({ path: '/nowhere' }, factory)).rejects.toMatchObject(refused);
  one.socket.end();
  await one.closed();
  // Its place is free once this side has closed as well.
  while (port.connections > 1) await new Promise((next) => setImmediate(next));
  await new Client(port).hears('!');
  await port.stop();
});

test('a connection that is made, fails or is cancelled gives its place back', async () => {
  const { reactor, factory } = setUp({ maxConnections: 1 });
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((done) => {
    server.listen({ host, port: 0 }, done);
  });
  const { port } = server.address() as AddressInfo;
  // A socket says that it is closed at the end of a turn of the loop.
  const later = (): Promise<void> =>
    new Promise((next) => {
      setImmediate(() => setImmediate(next));
    });
  for (let i = 0; i < 3; i++) {
    const transport = await reactor.tcp.connect({ host, port }, factory);
    const lost = new Promise((done) => transport.onClose(done));
    transport.abort();
    await lost;
    await expect(reactor.unix.connect({ path: '/nowhere/at.all' }, factory)).rejects.toMatchObject({
      code: 'HAWSER_CONNECT',
    });
    await later();
    const cancelled = reactor.tcp.connect({ host, port }, factory);
    cancelled.cancel();
    await expect(cancelled).rejects.toMatchObject({ code: 'HAWSER_CANCELLED' });
    await later();
    await expect(reactor.tcp.connect({ host, port }, () => undefined)).rejects.toMatchObject({
      code: 'HAWSER_REFUSED',
    });
    await later();
  }
  server.close();
});
