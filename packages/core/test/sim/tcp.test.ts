import { expect, test } from 'vitest';
import { currentContext } from '../../src/connection/entry.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { Ear, startConversation } from './conversation.ts';

test('a handshake takes a round trip for the client, and half of one more for the server', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 40 } });
  const [server, client] = sim.hosts('server', 'client');
  const far = new Ear();
  sim.sync.until(server.tcp.listen({ port: 7000 }, () => far));
  sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => new Ear()));
  expect(sim.now()).toBe(80);
  expect(far.connected).toBe(false);
  sim.sync.advance(40);
  expect(far.connected).toBe(true);
});

test('nobody listening refuses after a round trip; nobody there times out', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 40 } });
  const [server, client] = sim.hosts('server', 'client');
  const connect = (host: string) => client.tcp.connect({ host, port: 7000 }, () => new Ear());
  expect(() => sim.sync.until(connect('server'))).toThrow('ECONNREFUSED');
  expect(sim.now()).toBe(80);
  sim.partition(server, client);
  expect(() => sim.sync.until(connect('server'))).toThrow('no answer after 30000 ms');
  expect(sim.now()).toBe(30_080);
  expect(() => sim.sync.until(connect('192.0.2.1'))).toThrow('no answer');
  sim.sync.run();
  expect(sim.leaks()).toEqual([]);
});

test('a lost first packet is sent again after a second', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 10 } });
  const [server, client] = sim.hosts('server', 'client');
  sim.sync.until(server.tcp.listen({ port: 7000 }, () => new Ear()));
  const partition = sim.partition(server, client);
  const connecting = client.tcp.connect({ host: 'server', port: 7000 }, () => new Ear());
  sim.sync.advance(500);
  partition[Symbol.dispose]();
  sim.sync.until(connecting);
  expect(sim.now()).toBe(1_020);
});

test('a full backlog makes a client wait, not fail', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 10 } });
  const [server, client] = sim.hosts('server', 'client');
  const port = sim.sync.until(server.tcp.listen({ port: 7000, backlog: 2 }, () => new Ear()));
  const paused = port.pauseAccepting?.();
  const connecting = [1, 2, 3].map(() =>
    client.tcp.connect({ host: 'server', port: 7000 }, () => new Ear()),
  );
  sim.sync.advance(500);
  expect(connecting.map((each) => each.peek().state)).toEqual([
    'fulfilled',
    'fulfilled',
    'pending',
  ]);
  expect(port.connections).toBe(0);
  paused?.[Symbol.dispose]();
  sim.sync.advance(1_000);
  expect(connecting[2]?.peek().state).toBe('fulfilled');
  expect(port.connections).toBe(3);
});

test('a partition stalls a connection, and healing brings everything in order', () => {
  const { sim, server, client, near, far } = startConversation();
  near.transport.write(Buffer.from('before '));
  sim.sync.advance(100);
  sim.partition(server, client);
  near.transport.write(Buffer.from('during '));
  near.transport.write(Buffer.from('the partition'));
  sim.sync.advance(5_000);
  expect(far.text).toBe('before ');
  sim.heal(server, client);
  sim.sync.advance(10_000);
  expect(far.text).toBe('before during the partition');
  expect(near.reason).toBeUndefined();
});

test('all that a partition swallowed follows its first segment, not one a timeout', () => {
  const { sim, server, client, near, far } = startConversation({
    link: { latencyMs: 10, cut: 'bytes' },
  });
  const partition = sim.partition(server, client);
  near.transport.write(Buffer.alloc(1_000, 'x'));
  sim.sync.advance(100);
  partition[Symbol.dispose]();
  sim.sync.advance(400);
  expect(far.text).toHaveLength(1_000);
});

test('a partition that lasts resets the side that sends, and the silent side never knows', () => {
  const { sim, server, client, near, far } = startConversation();
  sim.partition(server, client);
  near.transport.write(Buffer.from('lost'));
  sim.sync.advance(600_000);
  expect(near.reason).toMatchObject({ kind: 'reset', error: { code: 'ETIMEDOUT' } });
  expect(far.reason).toBeUndefined();
  sim.heal();
  far.transport.write(Buffer.from('anybody?'));
  sim.sync.advance(1_000);
  expect(far.reason).toMatchObject({ kind: 'reset', error: { code: 'ECONNRESET' } });
});

test('when only the way back is cut, data arrives, and the sender gives up in the end', () => {
  const { sim, server, client, near, far } = startConversation();
  sim.partitionOneWay(server, client);
  near.transport.write(Buffer.from('one way'));
  sim.sync.advance(1_000);
  expect(far.text).toBe('one way');
  sim.sync.advance(600_000);
  expect(near.reason).toMatchObject({ error: { code: 'ETIMEDOUT' } });
});

test('a reader that pauses closes the window: write says false until it reads again', () => {
  const { sim, near, far } = startConversation({
    tcp: { windowBytes: 100_000 },
    link: { latencyMs: 10, cut: 'whole' },
  });
  far.transport.pauseReading();
  expect(near.transport.write(Buffer.alloc(150_000))).toBe(false);
  sim.sync.advance(60_000);
  expect(near.transport.pendingBytes).toBe(50_000);
  expect(near.drained).toBe(0);
  expect(sim.netstat('server').find(({ peer }) => peer)?.unreadBytes).toBe(100_000);
  far.transport.resumeReading();
  sim.sync.advance(1_000);
  expect(far.bytes).toBe(150_000);
  expect([near.drained, near.transport.pendingBytes]).toEqual([1, 0]);
});

test('a reset discards what the peer has not read', () => {
  const { sim, near, far } = startConversation();
  far.transport.pauseReading();
  near.transport.write(Buffer.from('unread'));
  sim.sync.advance(100);
  near.transport.abort();
  sim.sync.advance(100);
  far.transport.resumeReading();
  expect([far.text, far.reason?.kind, near.reason?.kind]).toEqual(['', 'reset', 'aborted']);
});

test('one side may end while the other goes on', () => {
  const { sim, near, far } = startConversation();
  near.transport.end();
  sim.sync.advance(100);
  expect(far.ended).toBe(true);
  const states = sim
    .netstat()
    .filter(({ peer }) => peer)
    .map(({ state }) => state);
  expect(states).toEqual(['close-wait', 'fin-wait']);
  far.transport.write(Buffer.from('still talking'));
  far.transport.end();
  sim.sync.advance(100);
  expect(near.text).toBe('still talking');
  expect([near.reason, far.reason]).toEqual([{ kind: 'done' }, { kind: 'done' }]);
});

test('a crash is silent: the peer is half-open until it says something', () => {
  const { sim, server, near, far } = startConversation();
  let fired = false;
  server.clock.callLater(10, () => {
    fired = true;
  });
  sim.crash(server);
  sim.sync.advance(60_000);
  expect([near.reason, far.reason, fired, server.up]).toEqual([undefined, undefined, false, false]);
  expect(sim.netstat(server)).toEqual([]);
  expect(() => sim.sync.until(server.tcp.listen({ port: 1 }, () => new Ear()))).toThrow('ENETDOWN');
  near.transport.write(Buffer.from('hello?'));
  sim.sync.advance(1_000);
  expect(near.reason).toBeUndefined();
  sim.restart('server');
  sim.sync.advance(60_000);
  expect(near.reason).toMatchObject({ kind: 'reset', error: { code: 'ECONNRESET' } });
});

test('after a restart a host listens anew, and its old port stops at once', () => {
  const { sim, server, client, port } = startConversation();
  sim.crash(server);
  sim.restart(server);
  sim.sync.until(port.stop());
  const far = new Ear();
  sim.sync.until(server.tcp.listen({ port: 7000 }, () => far));
  const near = new Ear();
  sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => near));
  near.transport.write(Buffer.from('again'));
  sim.sync.advance(100);
  expect(far.text).toBe('again');
});

test('reset tears every connection between two hosts, at both ends', () => {
  const { sim, server, client, near, far } = startConversation();
  expect(sim.reset(server, client)).toBe(1);
  sim.sync.advance(0);
  expect([near.reason?.kind, far.reason?.kind]).toEqual(['reset', 'reset']);
  expect(sim.reset(server, client)).toBe(0);
});

test('inside of a host nothing is slow or cut', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 1_000, loss: 1 } });
  const [host] = sim.hosts('host');
  const far = new Ear();
  sim.sync.until(host.tcp.listen({ port: 7000 }, () => far));
  const near = new Ear();
  sim.sync.until(host.tcp.connect({ host: 'localhost', port: 7000 }, () => near));
  near.transport.write(Buffer.from('near'));
  sim.sync.advance(0);
  expect([far.text, sim.now()]).toEqual(['near', 0]);
});

test('a wildcard takes the port of every address, and ports of clients differ', () => {
  const { sim, server, client } = startConversation();
  const again = { host: '127.0.0.1', port: 7000 };
  expect(() => sim.sync.until(server.tcp.listen(again, () => new Ear()))).toThrow('in use');
  const ports = [1, 2, 3].map(() => {
    const ear = new Ear();
    sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => ear));
    const { local } = ear.transport;
    return 'port' in local ? local.port : 0;
  });
  expect(ports).toEqual([49_153, 49_154, 49_155]);
});

test('bandwidth is shared and takes its time', () => {
  const { sim, server, client, near, far } = startConversation();
  sim.link(server, client, { bandwidth: 100_000, cut: 'whole' });
  near.transport.write(Buffer.alloc(50_000));
  sim.sync.advance(400);
  expect(far.bytes).toBe(0);
  sim.sync.advance(200);
  expect(far.bytes).toBe(50_000);
});

test('bytes are copied when they are written', () => {
  const { sim, near, far } = startConversation();
  const bytes = Buffer.from('before');
  near.transport.write(bytes);
  bytes.fill('!');
  sim.sync.advance(100);
  expect(far.text).toBe('before');
});

test('a Unix socket is found by its path inside of its host alone', () => {
  const sim = createSimReactor({ drive: 'manual' });
  const [host, other] = sim.hosts('host', 'other');
  const path = '/run/x.sock';
  const far = new Ear();
  sim.sync.until(host.unix.listen({ path }, () => far));
  expect(() => sim.sync.until(host.unix.listen({ path }, () => far))).toThrow('in use');
  const near = new Ear();
  sim.sync.until(host.unix.connect({ path }, () => near));
  near.transport.write(Buffer.from('local'));
  sim.sync.advance(0);
  expect(far.text).toBe('local');
  expect(() => sim.sync.until(other.unix.connect({ path }, () => near))).toThrow('ENOENT');
});

test('keep-alive finds out that a silent peer is gone, and costs a live one nothing', () => {
  const sim = createSimReactor({ drive: 'manual', link: { latencyMs: 10 } });
  const [server, client] = sim.hosts('server', 'client');
  sim.sync.until(server.tcp.listen({ port: 7000 }, () => new Ear()));
  const [asking, trusting] = [new Ear(), new Ear()];
  const where = { host: 'server', port: 7000 };
  sim.sync.until(client.tcp.connect({ ...where, keepAliveMs: 30_000 }, () => asking));
  sim.sync.until(client.tcp.connect(where, () => trusting));
  sim.sync.advance(600_000);
  expect(asking.reason).toBeUndefined();
  sim.crash(server);
  sim.sync.advance(600_000);
  expect(asking.reason).toMatchObject({ kind: 'reset', error: { code: 'ETIMEDOUT' } });
  expect(trusting.reason).toBeUndefined();
});

test('a connection is accepted in a context of its own, not in that of its client', () => {
  const sim = createSimReactor({ drive: 'manual' });
  const [server, client] = sim.hosts('server', 'client');
  const contexts: unknown[] = [];
  const note = (name: string) => ({
    name,
    buildProtocol: () => ({
      connectionMade(transport: Transport) {
        contexts.push(currentContext()?.label);
        transport.reactor.clock.callLater(5, () => contexts.push(currentContext()?.label));
      },
      dataReceived() {},
    }),
  });
  sim.sync.until(server.tcp.listen({ port: 7000 }, note('far')));
  sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, note('near')));
  sim.sync.advance(100);
  expect(contexts).toEqual(['near', 'far', 'near', 'far']);
});

test('who has read the end of a peer does not hear of its reset before it writes', () => {
  const { sim, near, far } = startConversation();
  near.transport.end();
  sim.sync.advance(100);
  near.transport.abort();
  sim.sync.advance(60_000);
  expect([far.ended, far.reason]).toEqual([true, undefined]);
  far.transport.write(Buffer.from('an answer'));
  sim.sync.advance(0);
  expect(far.reason).toMatchObject({ kind: 'reset', error: { code: 'EPIPE' } });
});

test('an end behind which nothing waits is read even while paused, so both ends close', () => {
  const { sim, near, far } = startConversation();
  near.transport.pauseReading();
  near.transport.end();
  far.transport.end();
  sim.sync.advance(100);
  expect([near.ended, near.reason, far.reason]).toEqual([
    false,
    { kind: 'done' },
    { kind: 'done' },
  ]);
});

test('a reset does not wait for lost bytes before it', () => {
  const { sim, near, far } = startConversation();
  const losing = sim.rule(({ kind }) => (kind === 'data' ? 'drop' : undefined));
  near.transport.write(Buffer.from('lost'));
  losing[Symbol.dispose]();
  near.transport.write(Buffer.from('in vain'));
  near.transport.abort();
  sim.sync.advance(10);
  expect([far.text, far.reason?.kind]).toEqual(['', 'reset']);
});

test('who only reads never gives up, and gets the rest when the way is open again', () => {
  const { sim, server, client, near, far } = startConversation({
    tcp: { windowBytes: 100_000 },
    link: { latencyMs: 10, cut: 'whole' },
  });
  far.transport.pauseReading();
  near.transport.write(Buffer.alloc(150_000));
  sim.sync.advance(1_000);
  sim.partition(server, client);
  far.transport.resumeReading();
  sim.sync.advance(3_600_000);
  expect([far.bytes, far.reason]).toEqual([100_000, undefined]);
  sim.heal();
  sim.sync.advance(61_000);
  expect([far.bytes, near.reason]).toEqual([150_000, undefined]);
  sim.partition(server, client);
  near.transport.write(Buffer.alloc(150_000));
  sim.crash(client);
  expect(sim.sync.run()).toBe('idle');
});

test('many bytes pass one by one in reasonable time', () => {
  const { sim, near, far } = startConversation({ link: { latencyMs: 10, cut: 'bytes' } });
  near.transport.write(Buffer.alloc(300_000));
  sim.sync.advance(1_000);
  expect(far.bytes).toBe(300_000);
});
