import { expect, test } from 'vitest';
import { createSimReactor } from '../../src/sim/simulation.ts';
import { startConversation } from './conversation.ts';

test('a later link overrides what it names, until it is disposed', () => {
  const { sim, near, far } = startConversation();
  const took = (): number => {
    const [began, had] = [sim.now(), far.bytes];
    near.transport.write(Buffer.from('x'));
    while (far.bytes === had) sim.sync.advance(1);
    return sim.now() - began;
  };
  expect(took()).toBe(10);
  const slow = sim.link('server', 'client', { latencyMs: 50 });
  expect(took()).toBe(50);
  const slower = sim.linkOneWay('client', 'server', { latencyMs: 70 });
  expect(took()).toBe(70);
  slow[Symbol.dispose]();
  expect(took()).toBe(70);
  slower[Symbol.dispose]();
  expect(took()).toBe(10);
});

test('what is held arrives in order after the release, without a retransmission', () => {
  const { sim, server, client, near, far } = startConversation();
  near.transport.write(Buffer.from('a'));
  sim.hold([server], client);
  near.transport.write(Buffer.from('b'));
  near.transport.write(Buffer.from('c'));
  sim.sync.advance(3_600_000);
  expect([far.text, near.reason]).toEqual(['a', undefined]);
  sim.release(server, client);
  near.transport.write(Buffer.from('d'));
  sim.sync.advance(10);
  expect(far.text).toBe('abcd');
});

test('a rule looks at each packet: the first verdict counts', () => {
  const { sim, near, far } = startConversation();
  const seen: string[] = [];
  const watching = sim.rule(({ from, kind, bytes }) => {
    seen.push(`${from} ${kind} ${bytes}`);
    return undefined;
  });
  const slow = sim.rule(({ kind }) => (kind === 'data' ? { delayMs: 500 } : undefined));
  sim.rule(() => 'drop');
  sim.link('client', 'server', { cut: 'whole' });
  near.transport.write(Buffer.from('slow'));
  sim.sync.advance(509);
  expect(far.text).toBe('');
  sim.sync.advance(1);
  expect(far.text).toBe('slow');
  expect(seen).toEqual(['client data 4']);
  watching[Symbol.dispose]();
  slow[Symbol.dispose]();
  near.transport.write(Buffer.from('lost'));
  sim.sync.advance(600_000);
  expect(near.reason?.kind).toBe('reset');
});

test('a partition may be between many and many', () => {
  const sim = createSimReactor({ drive: 'manual' });
  const [a, b, c] = sim.hosts('a', 'b', 'c');
  sim.sync.until(c.tcp.listen({ port: 1 }, () => ({ dataReceived() {} })));
  sim.partition([a, b], c);
  const connect = (from: typeof a) =>
    from.tcp.connect({ host: 'c', port: 1, timeoutMs: 5_000 }, () => ({ dataReceived() {} }));
  expect(() => sim.sync.until(connect(a))).toThrow('no answer');
  expect(() => sim.sync.until(connect(b))).toThrow('no answer');
  sim.heal(a);
  expect(sim.sync.until(connect(a)).peer).toMatchObject({ port: 1 });
  expect(() => sim.sync.until(connect(b))).toThrow('no answer');
});

test.each([
  [{ latencyMs: -1 }, 'latencyMs'],
  [{ latencyMs: [5, 4] as const }, 'latencyMs'],
  [{ jitterMs: -1 }, 'jitterMs'],
  [{ bandwidth: 0 }, 'bandwidth'],
  [{ queueBytes: -1 }, 'queueBytes'],
  [{ loss: 1.1 }, 'loss'],
  [{ duplicate: Number.NaN }, 'duplicate'],
  [{ reorder: -0.1 }, 'reorder'],
])('a link with %o is refused', (options, name) => {
  const sim = createSimReactor({ drive: 'manual' });
  sim.hosts('a', 'b');
  expect(() => sim.link('a', 'b', options)).toThrow(name);
});

test.each(['windowBytes', 'retransmitMs'])('a network whose %s is nothing is refused', (name) => {
  for (const none of [0, Number.NaN]) {
    expect(() => createSimReactor({ tcp: { [name]: none } })).toThrow(name);
  }
});

test('hosts are found by name, addresses are their own, and names can be added', () => {
  const sim = createSimReactor({ drive: 'manual' });
  const [a] = sim.hosts('a');
  expect(sim.host('a')).toBe(a);
  const dual = sim.host('dual', { addresses: ['192.0.2.1', '2001:db8::1'] });
  expect(() => sim.host('b', { addresses: ['192.0.2.1'] })).toThrow('taken');
  expect(() => sim.host('b', { addresses: ['b'] })).toThrow('no IP address');
  expect(() => sim.crash('nobody')).toThrow('Cannot find host "nobody"');
  const named = sim.name('www.example.net', dual);
  const lookup = () => sim.sync.until(a.resolver.lookup('WWW.example.net', { family: 6 }));
  expect(lookup()).toEqual([{ host: '2001:db8::1', family: 6 }]);
  named[Symbol.dispose]();
  expect(lookup).toThrow('Cannot resolve');
});

test('what a simulation does not have says so', () => {
  const sim = createSimReactor({ drive: 'manual' });
  const host = sim.host('a');
  const spawn = host.process.spawn({ command: 'ls' }, {});
  const run = host.threads.run(new URL('file:///x.js'));
  for (const each of [spawn, run]) {
    expect(() => sim.sync.until<unknown>(each)).toThrow(
      expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
    );
  }
});
