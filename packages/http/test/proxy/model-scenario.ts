// Peers, a proxy and two servers on a simulated network: bytes cut anywhere, pipelines, slow readers, peers that leave or
// end their side, servers that break off, refuse, or say nothing.
//
// Invariants: answers come in order, each whole and of its own request, or as an error that its server gave cause for;
// what a server has cut off is never whole; no POST reaches a server twice, and no body changed; a peer that stays gets
// all its answers; in the end nothing is left behind.
import {
  type CloseReason,
  type SimHost,
  type Simulation,
  serve,
  type Transport,
} from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { type ClientProtocol, HttpError, http, httpClient, reverseProxy } from '../../src/index.ts';
import { ResponseReader } from '../../src/wire/response-reader.ts';
import { echoBody } from '../echo-body.ts';

const BEHAVIOURS = [
  'whole',
  'pieces',
  'slow',
  'echo',
  'interim',
  'cut',
  'reset',
  'never',
  'early',
] as const;
type Behaviour = (typeof BEHAVIOURS)[number];

/** What ends the connection of the peer, when it is answered. */
const ENDS: Readonly<Record<ClientProtocol, ReadonlySet<Behaviour>>> = {
  'http/1.1': new Set(['cut', 'early']),
  // Its head leaves before a stream is reset.
  h2: new Set(['cut', 'early', 'reset']),
};
const STATUSES: Readonly<Record<Behaviour, readonly number[]>> = {
  whole: [200],
  pieces: [200],
  slow: [200],
  echo: [200],
  interim: [200],
  // Its head may not have left before.
  cut: [502],
  reset: [502],
  never: [504],
  early: [413],
};

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly behaviour: Behaviour;
  readonly size: number;
  readonly body: string;
  readonly bytes: string;
}

/** What was seen, for a test that checks the scenario itself. */
export interface ProxySummary {
  readonly answered: number;
  readonly refused: number;
  readonly cut: number;
  readonly left: number;
}

/** Runs it, and throws at the first invariant that does not hold. */
export async function proxyScenario(
  sim: Simulation,
  { over = 'http/1.1' }: { readonly over?: ClientProtocol } = {},
): Promise<ProxySummary> {
  const [back, front, user] = sim.hosts('back', 'front', 'user');
  sim.link(front, user, { latencyMs: [1, 30] });
  sim.link(front, back, { latencyMs: [1, 10] });
  const ledger: string[] = [];
  const broken: string[] = [];
  const services = [8080, 8081].map((port) =>
    serve(`tcp://:${port}`, http({ responder: (exchange) => answer(exchange, ledger, broken) })),
  );
  for (const each of services) void each.start(back);
  const client = httpClient(front, { protocols: [over], pool: { maxConnectionsPerOrigin: 4 } });
  const proxy = serve(
    'tcp://:80',
    http(
      reverseProxy(['http://back:8080', 'http://back:8081'], {
        client,
        timeouts: { headMs: 2_000 },
        maxFailures: 1_000,
      }),
    ),
  );
  void proxy.start(front);
  const random = new SeededRandom(sim.seed * 17 + 3);
  const peers = Array.from({ length: 3 }, (_, at) => new Peer(user, random, `s${sim.seed}p${at}`));
  for (const peer of peers) peer.begin();
  await sim.settled.elapse(60_000);
  for (const peer of peers) broken.push(...peer.verdict(ENDS[over]));
  for (const id of new Set(ledger)) {
    const times = ledger.filter((each) => each === id).length;
    // Two servers, and on each a connection that had served before may have been closed meanwhile, twice.
    const most = id.startsWith('POST') ? 1 : 6;
    if (times > most) broken.push(`${id} reached servers ${times} times`);
  }
  for (const { reports } of [back, front]) {
    broken.push(...reports.problems.map(({ where, error }) => `${where}: ${String(error)}`));
  }
  if (broken.length > 0) throw new Error(broken.join('; '));
  await sim.settled.until(client.close());
  await sim.settled.until(proxy.stop());
  for (const each of services) await sim.settled.until(each.stop());
  await sim.settled.run();
  sim.assertNoLeaks();
  const sum = (of: (peer: Peer) => number): number =>
    peers.reduce((all, peer) => all + of(peer), 0);
  return {
    answered: sum(({ answers }) => answers.filter(({ status }) => status === 200).length),
    refused: sum(({ answers }) => answers.filter(({ status }) => status !== 200).length),
    cut: sum(({ isCut }) => (isCut ? 1 : 0)),
    left: sum(({ hasLeft }) => (hasLeft ? 1 : 0)),
  };
}

// --- the servers ---

function answer(exchange: HttpExchange, ledger: string[], broken: string[]): void {
  const [, id = '', behaviour = '', size = '0'] = exchange.target.split('/');
  ledger.push(`${exchange.method} ${id}`);
  const text = textOf(id, Number(size));
  const { clock } = exchange.transport.reactor;
  if (behaviour === 'echo') {
    echoBody(exchange);
    return;
  }
  if (behaviour === 'early') {
    exchange.respond({ status: 413, fields: [] }, 'no');
    return;
  }
  let body = '';
  exchange.body.consume({
    data: (chunk) => {
      body += chunk.toString();
    },
    end() {
      const expected = exchange.method === 'POST' ? textOf(id, Number(size)) : '';
      if (body !== expected) broken.push(`${id} came with another body, of ${body.length}`);
      if (behaviour === 'reset') {
        const out = exchange.stream({ status: 200, fields: ['x-a', 'b'] });
        out.abort(new HttpError(500, 'reset', { report: false }));
      } else if (behaviour === 'interim') {
        exchange.inform(103, ['link', '</a>']);
        exchange.respond({ status: 200, fields: [] }, text);
      } else if (behaviour === 'slow') {
        clock.callLater(500, () => exchange.respond({ status: 200, fields: [] }, text));
      } else if (behaviour === 'whole') exchange.respond({ status: 200, fields: [] }, text);
      else if (behaviour !== 'never') stream(exchange, text, behaviour === 'cut');
    },
    failed: () => undefined,
  });
}

/** In pieces, with a length or without. What is cut ends before its end. */
function stream(exchange: HttpExchange, text: string, cut: boolean): void {
  const fields = text.length % 2 === 0 ? ['content-length', String(text.length)] : [];
  const out = exchange.stream({ status: 200, fields });
  const { clock } = exchange.transport.reactor;
  const step = Math.max(1, Math.ceil(text.length / 4));
  if (exchange.method === 'HEAD') {
    out.end();
    return;
  }
  const next = (at: number): void => {
    if (exchange.gone) return;
    if (cut && at >= step) out.abort(new HttpError(500, 'cut', { report: false }));
    else if (at >= text.length) out.end();
    else {
      out.write(Buffer.from(text.slice(at, at + step)));
      clock.callLater(20, () => next(at + step));
    }
  };
  next(0);
}

function textOf(id: string, size: number): string {
  return `${id}.`.repeat(Math.ceil(size / (id.length + 1))).slice(0, size);
}

// --- the peers ---

interface Answered {
  readonly status: number;
  readonly body: string;
}

class Peer {
  readonly #host: SimHost;
  readonly #random: SeededRandom;
  readonly #asked: readonly Asked[];
  readonly #halfCloses: boolean;
  readonly #leavesAfterMs: number | undefined;
  readonly answers: Answered[] = [];
  #reader: ResponseReader;
  #transport: Transport | undefined;
  #lost: CloseReason | undefined;
  #malformed: string | undefined;
  hasLeft = false;

  constructor(host: SimHost, random: SeededRandom, name: string) {
    this.#host = host;
    this.#random = random;
    const count = 1 + Math.floor(random.float() * 6);
    this.#asked = Array.from({ length: count }, (_, at) => asked(random, `${name}r${at}`));
    this.#halfCloses = random.float() < 0.25;
    this.#leavesAfterMs = random.float() < 0.25 ? random.float() * 3_000 : undefined;
    let chunks: Buffer[] = [];
    let status = 0;
    this.#reader = new ResponseReader({
      interim: () => undefined,
      head: (head) => {
        status = head.status;
      },
      data: (chunk) => void chunks.push(chunk),
      end: () => {
        this.answers.push({ status, body: Buffer.concat(chunks).toString() });
        chunks = [];
      },
    });
    for (const { method } of this.#asked) this.#reader.expect(method);
  }

  get isCut(): boolean {
    return this.answers.length < this.#asked.length && !this.hasLeft;
  }

  begin(): void {
    const peer = {
      connectionMade: (transport: Transport) => {
        this.#transport = transport;
        this.#send(this.#asked.map(({ bytes }) => bytes).join(''));
        this.#readAtTimes();
      },
      dataReceived: (data: Buffer) => {
        this.#malformed ??= this.#reader.feed(data)?.code;
      },
      readEnded: () => this.#transport?.end(),
      connectionLost: (reason: CloseReason) => {
        this.#lost = reason;
        if (reason.kind === 'done') this.#malformed ??= this.#reader.finish()?.code;
      },
    };
    void this.#host.tcp.connect({ host: 'front', port: 80 }, () => peer);
    if (this.#leavesAfterMs === undefined) return;
    this.#host.clock.callLater(this.#leavesAfterMs, () => {
      this.hasLeft = this.answers.length < this.#asked.length;
      this.#transport?.abort();
    });
  }

  /** In pieces of any size, some time apart. */
  #send(bytes: string): void {
    const transport = this.#transport;
    if (!transport || transport.ending || this.#lost) return;
    const length = Math.min(bytes.length, 1 + Math.floor(this.#random.float() ** 3 * 60_000));
    transport.write(Buffer.from(bytes.slice(0, length), 'latin1'));
    const rest = bytes.slice(length);
    if (rest !== '') this.#host.clock.callLater(this.#random.float() * 30, () => this.#send(rest));
    else if (this.#halfCloses) transport.end();
  }

  #readAtTimes(): void {
    if (this.#lost || this.#random.float() < 0.5) return;
    this.#transport?.pauseReading();
    this.#host.clock.callLater(this.#random.float() * 400, () => {
      this.#transport?.resumeReading();
      if (!this.#lost) this.#host.clock.callLater(50, () => this.#readAtTimes());
    });
  }

  verdict(ends: ReadonlySet<Behaviour>): string[] {
    const broken: string[] = [];
    for (const [at, { status, body }] of this.answers.entries()) {
      const plan = this.#asked[at];
      if (!plan) {
        broken.push(`an answer that nobody asked for: ${status}`);
        continue;
      }
      const { id, method, behaviour, size } = plan;
      // Where there is nothing to cut off, it is whole.
      const whole = status === 200 && (method === 'HEAD' || size === 0);
      if (!whole && !STATUSES[behaviour].includes(status))
        broken.push(`${id} ${behaviour}: ${status}`);
      if (status !== 200 || method === 'HEAD') continue;
      const expected = behaviour === 'echo' ? plan.body : textOf(id, size);
      if (body !== expected)
        broken.push(`${id} ${behaviour}: a body of ${body.length}, not ${size}`);
    }
    if (this.hasLeft) return broken;
    const ended = this.#asked.findIndex(({ behaviour }) => ends.has(behaviour));
    // A reset takes with it what has come and was not read.
    const owed = ended < 0 ? this.#asked.length : 0;
    if (this.answers.length < owed) {
      const of = this.#asked.map(({ behaviour, size, method }) => `${method} ${behaviour} ${size}`);
      broken.push(
        `${this.answers.length} answers of ${owed} (${of.join(', ')}; ${this.#halfCloses})`,
      );
    }
    if (this.#malformed !== undefined && ended < 0) broken.push(this.#malformed);
    return broken;
  }
}

function asked(random: SeededRandom, id: string): Asked {
  const behaviour = BEHAVIOURS[Math.floor(random.float() * BEHAVIOURS.length)] ?? 'whole';
  const needsBody = behaviour === 'echo' || behaviour === 'early';
  const method = needsBody || random.float() < 0.5 ? 'POST' : random.float() < 0.2 ? 'HEAD' : 'GET';
  const size = Math.floor(random.float() ** 4 * 300_000);
  const body = method === 'POST' ? textOf(id, size) : '';
  const head = `${method} /${id}/${behaviour}/${size} HTTP/1.1\r\nHost: a\r\n`;
  if (method !== 'POST') return { id, method, behaviour, size, body, bytes: `${head}\r\n` };
  if (random.float() < 0.5) {
    const bytes = `${head}Content-Length: ${size}\r\n\r\n${body}`;
    return { id, method, behaviour, size, body, bytes };
  }
  let chunks = '';
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 1 + Math.floor(random.float() * 20_000));
    chunks += `${length.toString(16)}\r\n${body.slice(at, at + length)}\r\n`;
    at += length;
  }
  const bytes = `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  return { id, method, behaviour, size, body, bytes };
}
