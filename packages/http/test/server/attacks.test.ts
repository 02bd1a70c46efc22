// Peers that hold a server up, on a simulated network: each kind is ended by its own deadline, to the millisecond, while
// others are served.
import {
  delay,
  type Factory,
  type Protocol,
  type SimHost,
  type Simulation,
  serve,
  simulate,
  stack,
  type Transport,
  tls,
} from '@hawser/core';
import { createTestAuthority, FakeTls } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { HttpResponse, http } from '../../src/index.ts';
import { SlowReader, Trickle } from './attackers.ts';

const ATTACKERS = 200;
const LATENCY_MS = 10;
const LARGE = Buffer.alloc(1_000_000);
const certificate = createTestAuthority().server('server');

const app = http(
  async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/large') return new HttpResponse(LARGE);
    if (request.method === 'POST') return new HttpResponse(await request.text());
    return new HttpResponse('served');
  },
  // More than the default, as a sip is a whole segment of the network here.
  { minSendRate: 10_000 },
);

/** How a world is reached. */
interface World {
  readonly factory: Factory;
  readonly connect: (client: SimHost, protocol: Protocol) => PromiseLike<unknown>;
}

const ADDRESS = { host: 'server', port: 443 };
const plain: World = {
  factory: app,
  connect: (client, protocol) => client.tcp.connect(ADDRESS, () => protocol),
};
const secure: World = {
  factory: stack(tls(certificate))(app),
  connect: (client, protocol) =>
    new Promise<void>((connected, failed) => {
      const upper = {
        name: 'peer',
        buildProtocol() {
          connected();
          return protocol;
        },
      };
      const under: Protocol = {
        connectionMade: (transport) =>
          void client.tls.startClient(transport, { verify: false }, upper),
        dataReceived: () => undefined,
      };
      void client.tcp.connect(ADDRESS, () => under).addErrback(failed);
    }),
};

/** One request on a connection of its own; the status line of its answer. */
function ask({ connect }: World, client: SimHost): Promise<string> {
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
    connect(client, asking).then(undefined, reject);
  });
}

interface Attack {
  readonly answers: ReadonlySet<string>;
  readonly problems: readonly unknown[];
  /** Bytes that waited to be sent, for each attacker. */
  readonly mostPending: number;
}

/** Lets `attackers` loose, and asks properly every second until all of them were ended. */
async function attack(
  sim: Simulation,
  world: World,
  attackers: readonly Trickle[],
): Promise<Attack> {
  const [server, client] = ['server', 'client'].map((name) =>
    sim.host(name, { tls: new FakeTls() }),
  ) as [SimHost, SimHost];
  sim.link(server, client, { latencyMs: LATENCY_MS });
  const open: Transport[] = [];
  let mostPending = 0;
  const watched: Factory = {
    ...world.factory,
    buildProtocol(incoming) {
      open.push(incoming as unknown as Transport);
      return world.factory.buildProtocol(incoming);
    },
  };
  return sim.settled.until(async () => {
    const service = serve('tcp://:443', watched);
    await service.start(server);
    for (const attacker of attackers) await world.connect(client, attacker);
    const answers = new Set<string>();
    while (attackers.some(({ endedAfter }) => endedAfter === undefined)) {
      answers.add(await ask(world, client));
      const pending = open.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
      mostPending = Math.max(mostPending, pending / attackers.length);
      await delay(1_000, server.clock);
    }
    await service.stop();
    return { answers, problems: server.reports.problems, mostPending };
  });
}

const head = (line: string, ...fields: readonly string[]): string =>
  [line, 'Host: server', ...fields, '', ''].join('\r\n');
const POST = head('POST / HTTP/1.1', 'Content-Length: 1000000');
const CHUNKED = head('POST / HTTP/1.1', 'Transfer-Encoding: chunked');

type Kind = [
  what: string,
  make: () => Trickle,
  /** When the server ends it, after it is connected, or its request is there. */
  afterMs: number,
  said: RegExp,
];

describe.each([
  ['TCP', plain],
  ['TLS', secure],
])('over %s', (_name, world) => {
  test.each<Kind>([
    ['say nothing', () => new Trickle(''), 15_000, /^$/],
    [
      'send a head slowly',
      () => new Trickle('GET / HTTP/1.1\r\n', 'X-Header: more\r\n', 500),
      15_000,
      /^HTTP\/1\.1 408 /,
    ],
    [
      'send a second head slowly',
      () => new Trickle(`${head('GET / HTTP/1.1')}GET`, ' ', 1_000),
      15_000,
      /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /,
    ],
    ['send what is no head', () => new Trickle('G', 'x', 700), 700, /^HTTP\/1\.1 (?:400|501) /],
    [
      'send a body slowly',
      () => new Trickle(POST, 'x'.repeat(48), 1_000),
      // Ten seconds, and a fifth of one for each piece: the twelfth comes in time, the thirteenth does not.
      12_400,
      /^HTTP\/1\.1 408 /,
    ],
    [
      'send chunks slowly',
      () => new Trickle(CHUNKED, '18\r\nxxxxxxxxxxxxxxxxxxxxxxxx\r\n', 1_000),
      11_000,
      /^HTTP\/1\.1 408 /,
    ],
    ['send no body', () => new Trickle(POST), 10_000, /^HTTP\/1\.1 408 /],
    [
      'ask once and stay',
      () => new Trickle(head('GET / HTTP/1.1')),
      5_000,
      /^HTTP\/1\.1 200 [^]*served$/,
    ],
    ['take nothing of an answer', () => new SlowReader(head('GET /large HTTP/1.1')), 60_000, /^/],
    [
      'take a sip of an answer now and then',
      () => new SlowReader(head('GET /large HTTP/1.1'), 20_000),
      60_000,
      /^H/,
    ],
  ])(
    'peers that %s are ended in time, and others are served',
    async (...[, make, afterMs, said]) => {
      const attackers = Array.from({ length: ATTACKERS }, make);
      const { result } = await simulate((sim) => attack(sim, world, attackers), {
        seed: 5,
        drive: 'manual',
      });
      expect(new Set(attackers.map(({ endedAfter }) => endedAfter))).toEqual(
        new Set([afterMs + 2 * LATENCY_MS]),
      );
      for (const { received } of attackers) expect(received).toMatch(said);
      expect([...result.answers]).toEqual(['HTTP/1.1 200 OK']);
      expect(result.mostPending).toBeLessThan(600_000);
      expect(result.problems).toEqual([]);
    },
  );
});
