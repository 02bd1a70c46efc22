import {
  connect,
  createSimReactor,
  encodeLine,
  FramedProtocol,
  group,
  LineDecoder,
  type MakeServices,
  runApplication,
  type Service,
  type ShutdownReport,
  type SimHost,
  serve,
  timerService,
} from '@hawser/core';
import { expect, test } from 'vitest';

// The programs of docs/shutdown.md.

/** Does one job a line; each takes a second. */
class Worker extends FramedProtocol {
  #busy = false;
  #leaving = false;

  constructor() {
    super(new LineDecoder({ maxBytes: 80 }));
  }

  frameReceived(job: Buffer): void {
    this.#busy = true;
    this.transport.pauseReading();
    this.transport.reactor.clock.callLater(1_000, () => this.#finish(job));
  }

  drainRequested(): void {
    this.#leaving = true;
    if (!this.#busy) this.transport.close();
  }

  #finish(job: Buffer): void {
    this.#busy = false;
    this.transport.write(encodeLine(`${job} done`));
    if (this.#leaving) this.transport.close();
    else this.transport.resumeReading();
  }
}

/** Never leaves by itself. */
class Stubborn extends Worker {
  override drainRequested(): void {}
}

/** Keeps a ledger in memory, and saves it at the end. */
function ledger(save: () => Promise<void>): Service {
  return {
    name: 'ledger',
    async start(reactor) {
      reactor.lifecycle.onPhase('flush', save);
    },
    async stop() {},
  };
}

/** A server that runs until it is told to stop, what it says and how that went. */
function lifeOf(server: SimHost, service: Service) {
  const lines: string[] = [];
  let report: ShutdownReport | undefined;
  const exit = runApplication(service, {
    reactor: server,
    graceMs: 5_000,
    announce: (line) => void lines.push(line),
    stopped: (each) => {
      report = each;
    },
  });
  return { exit, lines, report: () => report };
}

test('a job under way is finished, and nobody new comes in', async () => {
  const sim = createSimReactor();
  const [server, client] = sim.hosts('server', 'client');
  const life = lifeOf(
    server,
    serve('tcp://:7000', { name: 'jobs', buildProtocol: () => new Worker() }),
  );
  await sim.settled.until(async () => {
    const conn = await connect(client, 'tcp://server:7000');
    await conn.write('paint the hull\n');
    await conn.flush();
    client.clock.callLater(500, () => server.lifecycle.raise('SIGTERM'));
    expect(await conn.readLine({ max: 80 })).toBe('paint the hull done');
    expect(await conn.readLine({ max: 80 })).toBeUndefined();
    await expect(connect(client, 'tcp://server:7000')).rejects.toMatchObject({
      code: 'HAWSER_CONNECT',
    });
    await conn.close();
    expect(await life.exit).toBe(0);
  });
  expect(life.report()).toMatchObject({ finished: 1, aborted: 0, clean: true });
  expect(life.lines).toEqual([
    'tcp://[::]:7000 jobs',
    'Stopping, at most 5 seconds; a second signal stops now',
    'jobs: 1 finished, 0 aborted',
    'Stopped',
  ]);
});

test('who does not leave is cut off at the deadline', async () => {
  const sim = createSimReactor();
  const [server, client] = sim.hosts('server', 'client');
  const life = lifeOf(
    server,
    serve('tcp://:7000', () => new Stubborn()),
  );
  await sim.settled.until(async () => {
    const conn = await connect(client, 'tcp://server:7000');
    client.clock.callLater(500, () => server.lifecycle.raise('SIGTERM'));
    await expect(conn.readLine({ max: 80 })).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    expect(await life.exit).toBe(0);
  });
  expect(life.report()).toMatchObject({ finished: 0, aborted: 1, clean: false });
});

test('what is in memory is saved last', async () => {
  const sim = createSimReactor();
  const server = sim.host('server');
  const saved: string[] = [];
  const life = lifeOf(
    server,
    group(
      ledger(async () => void saved.push('ledger')),
      serve('tcp://:7000', () => new Worker()),
    ),
  );
  await sim.settled.elapse(10);
  expect(saved).toEqual([]);
  server.lifecycle.raise('SIGTERM');
  await sim.settled.until(life.exit);
  expect(saved).toEqual(['ledger']);
});

test('services are made with the reactor', async () => {
  const sim = createSimReactor();
  const server = sim.host('server');
  let saves = 0;
  const openLedger = async (_clock: unknown) => ({ save: () => void (saves += 1) });
  class Desk extends Worker {
    readonly ledger: unknown;
    constructor(ledger: unknown) {
      super();
      this.ledger = ledger;
    }
  }
  const application: MakeServices = async (reactor) => {
    const ledger = await openLedger(reactor.clock);
    return [
      timerService(60_000, () => ledger.save()),
      serve('tcp://:7000', () => new Desk(ledger)),
    ];
  };
  const lines: string[] = [];
  const exit = runApplication(application, {
    reactor: server,
    announce: (line) => void lines.push(line),
  });
  await sim.settled.elapse(61_000);
  server.lifecycle.raise('SIGTERM');
  await sim.settled.until(exit);
  expect([saves, lines[0]]).toEqual([1, 'tcp://[::]:7000 protocol']);
});
