import {
  BaseProtocol,
  ConversationRecorder,
  createSimReactor,
  DeferredLock,
  delay,
  encodeLine,
  FramedProtocol,
  LineDecoder,
  replay,
  type Simulation,
  simulate,
  stack,
  TLS,
  tap,
  tls,
} from '@hawser/core';
import {
  cancelAtEveryAwait,
  chunkings,
  connectPipe,
  createTestReactor,
  FakeTls,
  FakeTransport,
  replayConversation,
} from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';

// The tests of docs/testing.md.

/** Answers each line with its length. */
class Length extends FramedProtocol {
  constructor() {
    super(new LineDecoder({ maxBytes: 1024 }));
  }

  frameReceived(line: Buffer): void {
    this.transport.write(encodeLine(String(line.length)));
  }
}

/** The same, by somebody who believes that a chunk is a line. */
class Hasty extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(encodeLine(String(data.length - 1)));
  }
}

/** Asks for the length of a word each second, whatever the answer. */
class Asker extends FramedProtocol {
  readonly answers: string[] = [];

  constructor() {
    super(new LineDecoder({ maxBytes: 1024 }));
  }

  override connected(): void {
    if (this.transport.ending) return;
    this.transport.write(encodeLine('hawser'));
    this.transport.reactor.clock.callLater(1_000, () => this.connected());
  }

  frameReceived(line: Buffer): void {
    this.answers.push(line.toString());
  }
}

test('the decoder alone, with every cut', () => {
  for (const chunks of chunkings(Buffer.from('one\ntwo\n'))) {
    const decoder = new LineDecoder({ maxBytes: 3 });
    const lines = chunks.flatMap((chunk) => [...decoder.push(chunk)].map(String));
    expect(lines).toEqual(['one', 'two']);
  }
});

test('the protocol alone', async () => {
  const transport = new FakeTransport();
  transport.start(new Length());

  transport.receive('hello\n');
  expect(transport.takeText()).toBe('5\n');

  transport.lose(new Error('cable cut'));
  await transport.settle();
  expect(transport.closedWith).toMatchObject({ kind: 'reset' });
});

test('time passes when the test says so', async () => {
  const reactor = createTestReactor();
  const asker = new Asker();
  connectPipe(
    reactor,
    () => new Length(),
    () => asker,
    { cut: 7 },
  );
  await reactor.clock.elapse(3_000);
  expect(asker.answers).toEqual(['6', '6', '6', '6']);
});

describe('on a network', () => {
  test('an answer takes a round trip', () => {
    const sim = createSimReactor({ seed: 7 });
    const [server, client] = sim.hosts('server', 'client');
    sim.link(server, client, { latencyMs: 40 });
    sim.sync.until(server.tcp.listen({ port: 7000 }, () => new Length()));

    const asker = new Asker();
    sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => asker));
    const asked = sim.now();
    sim.sync.advance(79);
    expect(asker.answers).toEqual([]);
    sim.sync.advance(1);
    expect(asker.answers).toEqual(['6']);
    expect(sim.now() - asked).toBe(80);
    sim.close();
  });

  test('what is lost is sent again, and what comes late still comes', () => {
    const sim = createSimReactor({ seed: 7 });
    const [server, client] = sim.hosts('server', 'client');
    sim.link(server, client, { latencyMs: [20, 80], loss: 0.1 });
    sim.sync.until(server.tcp.listen({ port: 7000 }, () => new Length()));

    const asker = new Asker();
    sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => asker));
    const partition = sim.partition(server, client);
    sim.sync.advance(5_000);
    expect(asker.answers).toEqual([]);

    partition[Symbol.dispose]();
    sim.sync.advance(60_000);
    expect(asker.answers.length).toBeGreaterThan(10);
    expect(server.reports.problems).toEqual([]);
    sim.close();
  });
});

/** A conversation that must go well whatever the network does to it. */
function expectAnswers(sim: Simulation, makeProtocol: () => BaseProtocol): void {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [1, 50], loss: 0.05, cut: 'random' });
  sim.sync.until(server.tcp.listen({ port: 7000 }, makeProtocol));

  const asker = new Asker();
  sim.sync.until(client.tcp.connect({ host: 'server', port: 7000 }, () => asker));
  sim.sync.advance(30_000);
  expect(new Set(asker.answers)).toEqual(new Set(['6']));
}

describe('many seeds', () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed))('seed %i', async (seed) => {
    await simulate((sim) => expectAnswers(sim, () => new Length()), { seed });
  });

  test('find who believes that a chunk is a line', async () => {
    const found: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      await simulate((sim) => expectAnswers(sim, () => new Hasty()), { seed }).catch(() =>
        found.push(seed),
      );
    }
    expect(found.length).toBeGreaterThan(0);

    const again = simulate((sim) => expectAnswers(sim, () => new Hasty()), { seed: found[0] });
    await expect(again).rejects.toThrow(`Cannot finish the simulation with seed ${found[0]}: `);
  });

  test('replay to the byte', async () => {
    const { trace, durationMs } = await replay(3, (sim) => expectAnswers(sim, () => new Length()));
    expect(trace.length).toBeGreaterThan(100);
    expect(durationMs).toBeGreaterThan(30_000);
  });
});

test('what a test leaves behind has a name', async () => {
  const sim = createSimReactor();
  const server = sim.host('server');
  const port = sim.sync.until(server.tcp.listen({ port: 7000 }, () => new Length()));
  server.clock.callLater(60_000, () => undefined);
  expect(() => sim.assertNoLeaks()).toThrow(
    /^Cannot end the simulation with seed 1:\n  port of server: .*7000.*\n  timer of server: /,
  );

  sim.sync.until(port.stop());
  sim.sync.advance(60_000);
  sim.assertNoLeaks();
});

test('whatever await is cancelled, the lock is let go', async () => {
  const lock = new DeferredLock();
  const awaits = await cancelAtEveryAwait(
    async ({ clock }) => {
      using _held = await lock.acquire();
      await delay(50, clock);
      await delay(50, clock);
    },
    { check: () => expect(lock.locked).toBe(false) },
  );
  expect(awaits).toBe(2);
});

test('a conversation is written down and played again', async () => {
  const recorder = new ConversationRecorder();
  const transport = new FakeTransport();
  transport.adopt(stack(tap(recorder.sink))(() => new Length()));
  transport.receive('hello\n');
  transport.lose();
  await transport.settle();

  const [conversation = ''] = recorder.conversations;
  await replayConversation(() => new Length(), conversation, { cuts: 'every' });
  await expect(
    replayConversation(() => new Hasty(), conversation, { cuts: 'every' }),
  ).rejects.toThrow('Cannot');
});

test('TLS in a simulation needs no certificate', async () => {
  const sim = createSimReactor();
  const server = sim.host('server', { tls: new FakeTls() });
  const client = sim.host('client', { tls: new FakeTls() });
  const names: (string | undefined)[] = [];
  const secure = stack(tls({}))((incoming) => {
    names.push(incoming.info(TLS)?.serverName);
    return new Length();
  });
  sim.sync.until(server.tcp.listen({ port: 7000 }, secure));
  const asker = new Asker();
  sim.sync.until(
    client.tcp.connect({ host: 'server', port: 7000 }, () => ({
      connectionMade(transport) {
        const upper = { name: 'asker', buildProtocol: () => asker };
        client.tls.startClient(transport, { serverName: 'example.net' }, upper);
      },
      dataReceived: () => undefined,
    })),
  );
  sim.sync.advance(100);
  expect(names).toEqual(['example.net']);
  expect(asker.answers).toEqual(['6']);
  sim.close();
});
