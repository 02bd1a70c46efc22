// One connection on a simulated link, and a schedule by seed: requests of all kinds in pieces of any size, answered in all
// ways, read with pauses, while either side may end. What comes back is compared with what it has to be.
import { delay, type Protocol, type Simulation, serve, type Transport } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import type { HttpExchange, Responder } from '../../src/contract/exchange.ts';
import type { ResponseHeadRead } from '../../src/contract/message-head.ts';
import { http1 } from '../../src/server/http1.ts';
import { ResponseReader } from '../../src/wire/response-reader.ts';

/** A request, and what its answer has to be. */
interface Asked {
  readonly method: string;
  readonly text: string;
  /** The body of the answer. */
  readonly expected: string;
  /** Whether its answer may be the last one of the connection. */
  readonly mayClose: boolean;
  /** Whether that may be known only after its head: nobody reads the body, as somebody still could. */
  readonly mayEnd: boolean;
}

interface Answered {
  readonly status: number;
  readonly closes: boolean;
  body: string;
  complete: boolean;
}

/** What a schedule came to. */
export interface ScheduleSummary {
  readonly asked: number;
  readonly answered: number;
  readonly end: 'half-closed' | 'drained' | 'waited' | 'said close' | 'left';
}

const HOWS = ['whole', 'late', 'streamed', 'echo', 'slow', 'ignore', 'none', 'close'] as const;
type How = (typeof HOWS)[number];

/** @throws Error when something was not as it has to be */
export function scheduleScenario(sim: Simulation): Promise<ScheduleSummary> {
  return sim.settled.until(() => run(sim));
}

async function run(sim: Simulation): Promise<ScheduleSummary> {
  const random = new SeededRandom(sim.seed + 0x5c4ed);
  const upTo = (most: number): number => Math.floor(random.float() * (most + 1));
  const chance = (probability: number): boolean => random.float() < probability;
  const [server, client] = sim.hosts('server', 'client');
  sim.link(server, client, { latencyMs: [1, 30], ...(chance(0.3) ? { bandwidth: 200_000 } : {}) });

  let answering = false;
  const exchanges: HttpExchange[] = [];
  const responder: Responder = (exchange) => {
    check(!answering, 'Two requests were answered at a time');
    answering = true;
    exchanges.push(exchange);
    const [, how, size, wait] = exchange.target.split('/');
    void answer(exchange, how as How, {
      size: Number(size),
      waitMs: Number(wait),
      ending: () => {
        answering = false;
      },
    });
  };
  const service = serve('tcp://:80', http1(responder));
  await service.start(server);
  const asked = Array.from({ length: 1 + upTo(chance(0.15) ? 200 : 30) }, (_, at) =>
    request(at, { upTo, chance }),
  );
  const peer = new Peer(asked);
  await client.tcp.connect({ host: 'server', port: 80 }, () => peer);

  let cutOff = false;
  const draining = chance(0.2);
  if (draining) {
    void delay(upTo(2_000), server.clock).then(async () => {
      const reports = await service.drain?.(server.clock.now() + 60_000);
      cutOff = Object.values(reports ?? {}).some(({ aborted }) => aborted > 0);
    });
  }
  const halfClose = chance(0.4);
  const leaves = chance(0.15);
  if (leaves) void delay(upTo(1_000), client.clock).then(() => peer.leave());
  const bytes = asked.map(({ text }) => text).join('');
  for (let at = 0; at < bytes.length && !peer.ended; ) {
    const length = chance(0.2) ? 1 + upTo(3) : 1 + upTo(chance(0.1) ? 20_000 : 600);
    peer.send(bytes.slice(at, at + length));
    at += length;
    if (chance(0.3)) await delay(upTo(40), client.clock);
    if (chance(0.05)) peer.rest(upTo(500));
  }
  if (halfClose) peer.end();
  await peer.over;
  // The server hears of it a little later.
  await delay(1_000, server.clock);
  await service.stop();
  check(server.reports.problems.length === 0, String(server.reports.problems[0]?.error));
  check(!cutOff, 'A drain had to cut the connection off');
  // What was begun is over, with an answer or without.
  await Promise.all(exchanges.map(({ done }) => done));
  return { asked: asked.length, answered: verify(peer, { draining }), end: endOf() };

  function endOf(): ScheduleSummary['end'] {
    if (peer.left) return 'left';
    if (draining) return 'drained';
    if (peer.answers.at(-1)?.closes) return 'said close';
    return halfClose ? 'half-closed' : 'waited';
  }
}

/** Gives how many were answered. */
function verify({ answers, asked, left }: Peer, { draining }: { draining: boolean }): number {
  answers.forEach((answer, at) => {
    const request = asked[at];
    if (!request) throw new Error(`Nobody asked for answer ${at}`);
    const { expected, mayClose, method } = request;
    const body = method === 'HEAD' ? '' : expected;
    const cut = left && at === answers.length - 1 && !answer.complete;
    check(answer.complete || cut, `Answer ${at} is not complete`);
    check(answer.status === 200, `Answer ${at} is ${answer.status}`);
    check(
      answer.body === (cut ? body.slice(0, answer.body.length) : body),
      `Answer ${at} is another one`,
    );
    if (!answer.closes) return;
    check(mayClose || draining, `Answer ${at} closes for no reason`);
    check(at === answers.length - 1, `An answer came after the last one, ${at}`);
  });
  const closed = answers.at(-1)?.closes === true || asked[answers.length - 1]?.mayEnd === true;
  check(
    closed || draining || left || answers.length === asked.length,
    `Only ${answers.length} came`,
  );
  return answers.length;
}

interface Dice {
  readonly upTo: (most: number) => number;
  readonly chance: (probability: number) => boolean;
}

function request(at: number, { upTo, chance }: Dice): Asked {
  const how = HOWS[upTo(HOWS.length - (chance(0.2) ? 1 : 2))] ?? 'whole';
  const size = chance(0.1) ? upTo(200_000) : upTo(2_000);
  const method = chance(0.5) ? 'POST' : chance(0.2) ? 'HEAD' : 'GET';
  const target = `/${how}/${size}/${chance(0.3) ? upTo(50) : 0}/${at}`;
  const fields = ['Host: a'];
  let body = '';
  let mayClose = how === 'close';
  if (method === 'POST') {
    const content = 'abcdefghij'.repeat(chance(0.1) ? upTo(8_000) : upTo(60));
    const chunked = chance(0.4);
    const expects = chance(0.1);
    if (chunked) {
      fields.push('Transfer-Encoding: chunked');
      body = inChunks(content, upTo);
    } else {
      fields.push(`Content-Length: ${content.length}`);
      body = content;
    }
    if (expects) fields.push('Expect: 100-continue');
    // What nobody reads may cost the connection.
    mayClose ||=
      how !== 'echo' && how !== 'slow' && (chunked || expects || content.length > 60_000);
    if (how === 'echo' || how === 'slow') {
      const head = [`POST ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n');
      return { method, text: head + body, expected: content, mayClose, mayEnd: false };
    }
  }
  const head = [`${method} ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n');
  const expected = how === 'echo' || how === 'slow' || how === 'none' ? '' : 'x'.repeat(size);
  return { method, text: head + body, expected, mayClose, mayEnd: how === 'streamed' && mayClose };
}

function inChunks(content: string, upTo: Dice['upTo']): string {
  let text = '';
  for (let at = 0; at < content.length; ) {
    const piece = content.slice(at, at + 1 + upTo(3_000));
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${text}0\r\n\r\n`;
}

/** Answers in one of many ways. */
async function answer(
  exchange: HttpExchange,
  how: How,
  { size, waitMs, ending }: { size: number; waitMs: number; ending: () => void },
): Promise<void> {
  const respond = (body?: string): void => {
    ending();
    exchange.respond({ status: 200, fields: how === 'close' ? ['connection', 'close'] : [] }, body);
  };
  const { clock } = exchange.transport.reactor;
  if (waitMs > 0) await delay(waitMs, clock);
  const content = 'x'.repeat(size);
  if (how === 'echo' || how === 'slow') {
    const text = await received(exchange, how === 'slow');
    if (how === 'echo') respond(text);
    else await stream(exchange, text, ending);
  } else if (how === 'streamed') {
    await stream(exchange, content, ending);
  } else if (how === 'none') {
    respond();
  } else {
    if (how === 'late') await delay(20, clock);
    respond(content);
  }
}

async function stream(exchange: HttpExchange, content: string, ending: () => void): Promise<void> {
  const body = exchange.stream({ status: 200, fields: [] });
  for (let at = 0; at < content.length; at += 7_000) {
    if (body.write(Buffer.from(content.slice(at, at + 7_000)))) continue;
    await new Promise<void>((drained) => {
      body.onceDrained(drained);
      exchange.onGone(() => drained());
    });
  }
  ending();
  body.end();
}

function received(exchange: HttpExchange, slowly: boolean): Promise<string> {
  const { body } = exchange;
  const { clock } = exchange.transport.reactor;
  let text = '';
  return new Promise((done) => {
    body.consume({
      data(chunk) {
        text += chunk.toString('latin1');
        if (!slowly) return;
        body.pause();
        clock.callLater(3, () => body.resume());
      },
      end: () => done(text),
      failed: () => done('failed'),
    });
  });
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Sends what it is told to, and keeps what comes back. */
class Peer implements Protocol {
  readonly asked: readonly Asked[];
  readonly answers: Answered[] = [];
  readonly over: Promise<void>;
  ended = false;
  left = false;
  readonly #reader: ResponseReader;
  #transport: Transport | undefined;
  #settle: () => void = () => undefined;

  constructor(asked: readonly Asked[]) {
    this.asked = asked;
    this.over = new Promise((settle) => {
      this.#settle = settle;
    });
    this.#reader = new ResponseReader({
      interim: () => undefined,
      head: ({ status, keepAlive }: ResponseHeadRead) =>
        void this.answers.push({ status, closes: !keepAlive, body: '', complete: false }),
      data: (chunk) => {
        const answer = this.answers.at(-1);
        if (answer) answer.body += chunk.toString('latin1');
      },
      end: () => {
        const answer = this.answers.at(-1);
        if (answer) answer.complete = true;
      },
    });
    for (const { method } of asked) this.#reader.expect(method);
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    const malformed = this.#reader.feed(data);
    check(!malformed, `What came is no answer: ${malformed?.code}`);
  }

  readEnded(): void {
    this.ended = true;
    this.#transport?.close();
  }

  connectionLost(): void {
    this.ended = true;
    this.#settle();
  }

  send(text: string): void {
    if (!this.ended) this.#transport?.write(Buffer.from(text, 'latin1'));
  }

  end(): void {
    if (!this.ended) this.#transport?.end();
  }

  /** Without a goodbye. */
  leave(): void {
    if (this.ended) return;
    this.left = true;
    this.ended = true;
    this.#transport?.abort();
  }

  /** Reads nothing for a while. */
  rest(ms: number): void {
    const transport = this.#transport;
    transport?.pauseReading();
    transport?.reactor.clock.callLater(ms, () => transport.resumeReading());
  }
}
