// Peers that hold a server up, on a simulated network: each kind is ended by its own deadline, while others are served.
import {
  BaseProtocol,
  type CloseReason,
  delay,
  type Factory,
  type Protocol,
  type Reactor,
  type Simulation,
  serve,
  simulate,
  type Transport,
} from '@hawser/core';
import { expect, test } from 'vitest';
import { HttpResponse, http } from '../../src/index.ts';

const ATTACKERS = 40;
const LARGE = Buffer.alloc(8_000_000);

/** Says `begin`, and then `again` every `everyMs` milliseconds. */
class Trickle extends BaseProtocol {
  readonly #begin: string;
  readonly #again: string;
  readonly #everyMs: number;
  received = '';
  endedAt: number | undefined;

  constructor(begin: string, again = '', everyMs = 1_000) {
    super();
    this.#begin = begin;
    this.#again = again;
    this.#everyMs = everyMs;
  }

  override connected(): void {
    if (this.#begin) this.transport.write(Buffer.from(this.#begin));
    if (this.#again) this.#next();
  }

  dataReceived(data: Buffer): void {
    this.received += data.toString('latin1', 0, 1_000);
  }

  override readEnded(): void {
    this.#ended();
    this.transport.close();
  }

  override connectionLost(_reason: CloseReason): void {
    this.#ended();
  }

  #ended(): void {
    this.endedAt ??= this.transport.reactor.clock.now() - this.transport.openedAt;
  }

  #next(): void {
    this.transport.reactor.clock.callLater(this.#everyMs, () => {
      if (this.transport.ending) return;
      this.transport.write(Buffer.from(this.#again));
      this.#next();
    });
  }
}

/** Asks for much and takes nothing of it. */
class Deaf extends Trickle {
  override connected(): void {
    super.connected();
    this.transport.pauseReading();
  }
}

/** One request on a connection of its own; the status line of its answer. */
function ask(client: Reactor): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const asking: Protocol = {
      connectionMade: (transport: Transport) =>
        void transport.write(
          Buffer.from('GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n'),
        ),
      dataReceived: (data) => {
        text += data.toString('latin1');
      },
      connectionLost: () => resolve(text.split('\r\n', 1)[0] ?? ''),
    };
    void client.tcp.connect({ host: 'server', port: 80 }, () => asking).addErrback(reject);
  });
}

/** The server, and for each connection to it what it was seen to hold at most. */
function watched(
  factory: Factory,
  seen: { transports: Transport[]; mostPending: number },
): Factory {
  return {
    ...factory,
    buildProtocol(incoming) {
      const protocol = factory.buildProtocol(incoming);
      seen.transports.push(incoming as unknown as Transport);
      return protocol;
    },
  };
}

async function attack(sim: Simulation, make: () => Trickle): Promise<Attack> {
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: 10 });
  const seen = { transports: [] as Transport[], mostPending: 0 };
  const app = http(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/large') return new HttpResponse(LARGE);
    if (request.method === 'POST') return new HttpResponse(await request.text());
    return new HttpResponse('served');
  });
  return sim.settled.until(async () => {
    const service = serve('tcp://:80', watched(app, seen));
    await service.start(server);
    const attackers = Array.from({ length: ATTACKERS }, make);
    for (const attacker of attackers) {
      await client.tcp.connect({ host: 'server', port: 80 }, () => attacker);
    }
    const answers = new Set<string>();
    for (let second = 0; second < 120; second++) {
      answers.add(await ask(client));
      const pending = seen.transports.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
      seen.mostPending = Math.max(seen.mostPending, pending / ATTACKERS);
      await delay(1_000, server.clock);
    }
    await service.stop();
    const { problems } = server.reports;
    return { attackers, answers, problems, mostPending: seen.mostPending };
  });
}

interface Attack {
  readonly attackers: readonly Trickle[];
  readonly answers: ReadonlySet<string>;
  readonly problems: readonly unknown[];
  /** Bytes that waited to be sent, for each attacker. */
  readonly mostPending: number;
}

const POST = 'POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 1000000\r\n\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: server\r\nTransfer-Encoding: chunked\r\n\r\n';

test.each<[string, () => Trickle, [number, number], RegExp]>([
  ['say nothing', () => new Trickle(''), [15, 16], /^$/],
  [
    'send a head slowly',
    () => new Trickle('GET / HTTP/1.1\r\n', 'X-Header: more\r\n', 500),
    [15, 16],
    /^HTTP\/1\.1 408 /,
  ],
  [
    'send a head byte by byte',
    () => new Trickle('G', 'x', 700),
    [0, 2],
    /^HTTP\/1\.1 (?:400|501) /,
  ],
  [
    'send a body slowly',
    () => new Trickle(POST, 'x'.repeat(50), 1_000),
    [10, 15],
    /^HTTP\/1\.1 408 /,
  ],
  [
    'send chunks slowly',
    () => new Trickle(CHUNKED, '1\r\nx\r\n', 1_000),
    [10, 15],
    /^HTTP\/1\.1 408 /,
  ],
  ['send no body', () => new Trickle(POST), [10, 11], /^HTTP\/1\.1 408 /],
  [
    'ask once and stay',
    () => new Trickle('GET / HTTP/1.1\r\nHost: server\r\n\r\n'),
    [5, 6],
    /^HTTP\/1\.1 200 [^]*served$/,
  ],
  [
    'take nothing of an answer',
    () => new Deaf('GET /large HTTP/1.1\r\nHost: server\r\n\r\n'),
    [60, 95],
    /^/,
  ],
])(
  'peers that %s are ended in time, and others are served',
  async (_what, make, [from, to], said) => {
    const { result } = await simulate((sim) => attack(sim, make), { seed: 5, drive: 'manual' });
    const { attackers, answers, problems, mostPending } = result;
    for (const { endedAt, received } of attackers) {
      expect(endedAt).toBeGreaterThanOrEqual(from * 1_000);
      expect(endedAt).toBeLessThanOrEqual(to * 1_000 + 500);
      expect(received).toMatch(said);
    }
    expect([...answers]).toEqual(['HTTP/1.1 200 OK']);
    expect(mostPending).toBeLessThan(600_000);
    expect(problems).toEqual([]);
  },
);
