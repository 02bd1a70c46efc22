import { expect, test } from 'vitest';
import { replay, simulate } from '../../src/sim/replay.ts';
import type { Simulation } from '../../src/sim/simulation.ts';
import { withoutLeaks } from '../../testing/leaks.ts';
import { Ear, startConversation } from './conversation.ts';

/** Clients that talk while the network misbehaves: everything that draws on chance. */
function storm(sim: Simulation): string {
  const { random } = sim.host('chaos');
  const names = ['a', 'b', 'c'] as const;
  const [server, ...clients] = sim.hosts('server', ...names);
  sim.link('server', names, {
    latencyMs: [1, 40],
    jitterMs: 5,
    loss: 0.05,
    duplicate: 0.1,
    reorder: 0.1,
    bandwidth: 1_000_000,
  });
  let heard = '';
  sim.sync.until(
    server.udp.bind({ port: 53 }, { datagramReceived: (data) => void (heard += data) }),
  );
  const listen = () =>
    server.tcp.listen({ port: 7000 }, () => {
      const ear = new Ear();
      return Object.assign(ear, { dataReceived: (data: Buffer) => ear.transport.write(data) });
    });
  sim.sync.until(listen());
  const ears = clients.map((client) => {
    const ear = new Ear();
    void client.tcp.connect({ host: 'server', port: 7000 }, () => ear).addBoth(() => undefined);
    return ear;
  });
  const ports = clients.map((client) =>
    sim.sync.until(client.udp.bind({ port: 0 }, { datagramReceived() {} })),
  );
  const to = { kind: 'udp', host: server.addresses[0] ?? '', port: 53, family: 4 } as const;
  for (let step = 0; step < 40; step++) {
    const which = random.below(3);
    const ear = ears[which];
    if (ear?.connected) ear.transport.write(random.bytes(1 + random.below(5_000)));
    ports[which]?.send(Buffer.from(String(step)), to);
    const luck = random.float();
    if (luck < 0.05) sim.partition('server', names[which] ?? 'a');
    else if (luck < 0.15) sim.heal();
    else if (luck < 0.18) sim.reset('server', names[which] ?? 'a');
    else if (luck < 0.2) {
      sim.crash(server);
      sim.restart(server);
      sim.sync.until(listen());
    }
    sim.sync.advance(random.below(500));
  }
  sim.heal();
  sim.sync.advance(60_000);
  const ends = ears.map(({ bytes, reason }) => `${bytes} ${reason?.kind ?? 'open'}`);
  return `${heard} ${ends.join(', ')}`;
}

test('the same seed gives the same trace and the same outcome', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [one, other] = [
      await simulate(storm, { seed, drive: 'manual' }),
      await simulate(storm, { seed, drive: 'manual' }),
    ];
    expect(other).toEqual(one);
    expect(one.trace.length).toBeGreaterThan(50);
  }
});

test('other seeds give other traces', async () => {
  const hashes = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    hashes.add((await simulate(storm, { seed, drive: 'manual' })).traceHash);
  }
  expect(hashes.size).toBe(50);
});

test('replay finds a scenario that does not come out the same again', async () => {
  expect((await replay(3, storm, { drive: 'manual' })).seed).toBe(3);
  let run = 0;
  const fickle = (sim: Simulation): void => {
    run += 1;
    sim.hosts('a', 'b');
    sim.link('a', 'b', { latencyMs: 1 });
    if (run === 2) sim.partition('a', 'b');
    else sim.heal();
  };
  await expect(replay(9, fickle)).rejects.toThrow(
    /Cannot replay seed 9 .* line 2: .*heal.*partition/,
  );
});

test('replay finds a run that only goes on for longer, and one that differs before its trace begins', async () => {
  let run = 0;
  const longer = (sim: Simulation): void => {
    run += 1;
    sim.hosts('a');
    sim.heal();
    if (run === 2) sim.restart('a');
  };
  await expect(replay(9, longer)).rejects.toThrow(/line 2: nothing and then ".*crash a"$/);
  run = 0;
  const early = (sim: Simulation): void => {
    run += 1;
    if (run === 2) sim.release();
    else sim.heal();
    for (let times = 0; times < 3; times++) sim.heal();
  };
  await expect(replay(9, early, { traceLimit: 1 })).rejects.toThrow('raise traceLimit');
});

test('replay finds bytes that differ, as long as only sync lets time pass', async () => {
  let run = 0;
  const { sync, settled } = {
    sync: (sim: Simulation) => talk(sim),
    settled: (sim: Simulation) => sim.settled.elapse(0).then(() => talk(sim)),
  };
  function talk(sim: Simulation): void {
    run += 1;
    const [server, client] = sim.hosts('server', 'client');
    sim.sync.until(server.tcp.listen({ port: 1 }, () => new Ear()));
    const near = sim.sync.until(client.tcp.connect({ host: 'server', port: 1 }, () => new Ear()));
    near.write(Buffer.from(`run ${run}`));
    sim.sync.advance(100);
  }
  await expect(replay(9, sync, { drive: 'manual' })).rejects.toThrow(/data \d sent #/);
  await expect(replay(9, settled, { drive: 'manual' })).resolves.toMatchObject({ seed: 9 });
});

test('a scenario that fails says its seed, with what went wrong as the cause', async () => {
  const cause = new Error('broken');
  const failing = (): never => {
    throw cause;
  };
  await expect(simulate(failing, { seed: 4711 })).rejects.toMatchObject({
    code: 'HAWSER_SIMULATION',
    message: 'Cannot finish the simulation with seed 4711: broken',
    cause,
  });
});

test('bytes of one connection never change their order, whatever happens to the packets', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { sim, near, far } = startConversation({
      seed,
      link: { latencyMs: [1, 60], jitterMs: 30, loss: 0.2, duplicate: 0.3, reorder: 0.5 },
    });
    sim.sync.advance(120_000);
    let sent = '';
    for (let word = 0; word < 50; word++) {
      near.transport.write(Buffer.from(`${word} `));
      sent += `${word} `;
    }
    sim.sync.advance(600_000);
    expect(far.text).toBe(sent);
  }
});

test('netstat shows who listens and who is connected, with what is queued', () => {
  const { sim, near, far } = startConversation({ link: { latencyMs: 10, cut: 'whole' } });
  far.transport.pauseReading();
  near.transport.write(Buffer.from('unread'));
  sim.sync.advance(100);
  const seen = sim.netstat().map(({ host, state, local, peer, unreadBytes }) => {
    return `${host} ${state} ${local} ${peer ?? ''} ${unreadBytes}`;
  });
  expect(seen).toEqual([
    'server listen tcp://[::]:7000  0',
    'server established tcp://10.0.0.1:7000 tcp://10.0.0.2:49152 6',
    'client established tcp://10.0.0.2:49152 tcp://10.0.0.1:7000 0',
  ]);
});

test('trace shows each packet with its time', () => {
  const { sim } = startConversation();
  expect(sim.trace()).toEqual([
    '       0.000 tcp client:49152 > server:7000 syn sent',
    '      10.000 tcp client:49152 > server:7000 syn got',
    '      10.000 tcp server:7000 > client:49152 syn-ack sent',
    '      20.000 tcp server:7000 > client:49152 syn-ack got',
    '      20.000 tcp client:49152 > server:7000 ack sent',
    '      30.000 tcp client:49152 > server:7000 ack got',
  ]);
});

test('leaks name ports, connections, timers and problems, with owner and stack', () => {
  const { sim, server } = startConversation({ trackLeaks: true });
  server.clock.callLater(5_000, () => undefined);
  server.reports.problem('somewhere', new Error('unread'));
  const leaks = sim.leaks();
  expect(leaks.map(({ kind, owner }) => `${kind} ${owner}`)).toEqual([
    'port server',
    'connection server',
    'connection client',
    'timer server',
    'problem server',
  ]);
  expect(leaks[0]?.stack).toContain('conversation.ts');
  expect(leaks[3]?.stack).toContain('determinism.test.ts');
  expect(() => sim.assertNoLeaks()).toThrow(/seed 1:\n {2}port of server: .*7000/);
});

test('withoutLeaks fails a scenario that leaves something behind, and only that', async () => {
  const leaking = (sim: Simulation): void =>
    void sim.host('a').clock.callLater(1e6, () => undefined);
  await expect(withoutLeaks(leaking, { drive: 'manual' })).rejects.toThrow('timer of a');
  const clean = async (sim: Simulation): Promise<string> => {
    const port = await sim.host('a').tcp.listen({ port: 1 }, () => undefined);
    await port.stop();
    return 'clean';
  };
  expect(await withoutLeaks(clean)).toBe('clean');
});
