// A client that sends frames in any order, by a seed, to a server whose handlers do all that handlers do. What must hold:
// nothing is thrown or reported, every exchange ends, and so does the connection, by itself.
import { pipeWorld, SeededRandom } from '@hawser/core/testing';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import { answering } from './h2-world.ts';
import { Flag, fields, frame, headers, PREFACE, RawClient, request, uint32 } from './raw-client.ts';

const OK = { status: 200, fields: [] };
/** Longer than any limit below. */
const LONG_MS = 300_000;
const LIMITS = {
  headTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  sendTimeoutMs: 5_000,
  keepAliveTimeoutMs: 4_000,
  maxExchangeMs: 40_000,
  maxConcurrentStreams: 30,
};

/** What became of one schedule. */
export interface Outcome {
  readonly begun: number;
  readonly ended: number;
  readonly lost: boolean;
  readonly problems: readonly unknown[];
}

/** Plays the schedule of `seed` to its end. */
export async function playSchedule(seed: number): Promise<Outcome> {
  const random = new SeededRandom(seed);
  const world = pipeWorld({ cut: seed });
  let begun = 0;
  let ended = 0;
  const client = new RawClient();
  await world.connect(
    answering((exchange) => {
      begun += 1;
      void exchange.done.then(() => {
        ended += 1;
      });
      answer(exchange, random);
    }, LIMITS),
    client,
  );
  client.send(PREFACE, frame('settings', 0));
  await world.elapse(1);
  // One in ten never says so.
  if (pick(random, 10) > 0) client.send(frame('settings', 0, [], { flags: Flag.Ack }));
  const length = 5 + pick(random, 60);
  const opened = new Opened(random);
  // Half of them make no mistake that ends the connection.
  const wrong = pick(random, 2) === 0;
  for (let nth = 0; nth < length && !client.lost; nth++) {
    const mistaken = wrong && pick(random, 15) === 0;
    const bytes = Buffer.concat(mistaken ? someMistake(random) : someFrames(random, opened));
    // A few have an octet that is wrong, or lack some.
    if (mistaken && pick(random, 3) === 0) bytes[pick(random, bytes.length)] = pick(random, 256);
    client.send(mistaken && pick(random, 3) === 0 ? bytes.subarray(1) : bytes);
    if (pick(random, 4) === 0) await world.elapse(pick(random, 1_500));
    if (pick(random, 60) === 0) world.drain();
  }
  const goodbye = pick(random, 6);
  if (goodbye === 0) client.transport?.abort();
  if (goodbye === 1) client.transport?.end();
  await world.elapse(LONG_MS);
  const problems = [...world.reports.problems];
  const { lost } = client;
  await world.stop();
  return { begun, ended, lost, problems };
}

/** What a handler may do, all of it in order. */
function answer(exchange: HttpExchange, random: SeededRandom): void {
  const { clock } = exchange.transport.reactor;
  const size = pick(random, 3) === 0 ? pick(random, 200_000) : pick(random, 500);
  const ways: (() => void)[] = [
    () => exchange.respond(OK, Buffer.alloc(size)),
    () => void clock.callLater(pick(random, 3_000), () => exchange.respond(OK, 'late')),
    () => undefined,
    () => {
      exchange.inform(103, ['link', '</a>']);
      const body = exchange.stream(OK);
      body.write(Buffer.alloc(size));
      clock.callLater(pick(random, 3_000), () => body.end(['x-sum', '1']));
    },
    () => void exchange.stream(OK).write(Buffer.alloc(size)),
    () => {
      const body = exchange.stream(OK);
      body.write(Buffer.alloc(size));
      clock.callLater(pick(random, 3_000), () => body.abort(new Error('given up')));
    },
    () => {
      const body = exchange.stream(OK);
      exchange.body.consume({
        data(chunk) {
          if (body.write(chunk)) return;
          exchange.body.pause();
          body.onceDrained(() => exchange.body.resume());
        },
        end: () => body.end(exchange.body.trailers),
        failed: (error) => body.abort(error),
      });
    },
    () => {
      exchange.body.consume({
        data: () => undefined,
        end: () => exchange.respond(OK, 'whole'),
        failed: () => exchange.respond({ status: 408, fields: [] }),
      });
    },
    () => {
      exchange.body.discard();
      exchange.respond({ status: 413, fields: [] });
    },
    () => {
      exchange.onGone(() => undefined);
      exchange.onDrain?.(() => undefined);
      exchange.signal.addEventListener('abort', () => undefined);
    },
  ];
  ways[pick(random, ways.length)]?.();
}

/** The streams that a client has opened, and may send more on. */
class Opened {
  readonly #random: SeededRandom;
  readonly #unfinished: number[] = [];
  #next = 1;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Opens a stream; without `more` its request is complete. */
  open(more: boolean): number {
    const id = this.#next;
    this.#next += 2;
    if (more) this.#unfinished.push(id);
    return id;
  }

  /** One that was opened, whatever has become of it. */
  any(): number {
    return this.#next === 1 ? this.open(false) : 1 + 2 * pick(this.#random, (this.#next - 1) / 2);
  }

  /** One whose request goes on; `last` if this is the end of it. */
  unfinished(last: boolean): number | undefined {
    const at = pick(this.#random, this.#unfinished.length);
    return last ? this.#unfinished.splice(at, 1)[0] : this.#unfinished[at];
  }
}

/** Frames that a client may send. */
function someFrames(random: SeededRandom, opened: Opened): Buffer[] {
  const last = pick(random, 2) === 1;
  const makers: (() => Buffer[])[] = [
    () => [headers(opened.open(false), request())],
    () => [headers(opened.open(false), request('HEAD'))],
    () => [headers(opened.open(true), request('POST'), 0)],
    () => [headers(opened.open(true), request('POST', [['te', 'trailers']]), 0)],
    () => [headers(opened.open(true), request('POST', [['expect', '100-continue']]), 0)],
    () => [headers(opened.open(false), request('PUT', [['x-a', 'a'.repeat(pick(random, 9_000))]]))],
    () => {
      const length = pick(random, 5_000);
      const id = opened.open(false);
      const head = request('POST', [['content-length', String(length)]]);
      return [headers(id, head, 0), frame('data', id, Buffer.alloc(length), { flags: 1 })];
    },
    () => {
      const id = opened.open(false);
      return [headers(id, request('POST'), 0), frame('rst', id, uint32(8))];
    },
    () => {
      const block = request();
      const cut = pick(random, block.length);
      const id = opened.open(false);
      return [
        frame('headers', id, block.subarray(0, cut), { flags: Flag.EndStream }),
        frame('continuation', id, block.subarray(cut), { flags: Flag.EndHeaders }),
      ];
    },
    ...Array.from({ length: 5 }, () => () => {
      const id = opened.unfinished(last);
      if (id === undefined) return [];
      return [frame('data', id, Buffer.alloc(pick(random, 3_000)), { flags: last ? 1 : 0 })];
    }),
    () => {
      const id = opened.unfinished(true);
      return id === undefined ? [] : [headers(id, fields(['x-a', '1']))];
    },
    () => [frame('rst', opened.any(), uint32(pick(random, 14)))],
    () => [frame('settings', 0, [0, 4, ...uint32(pick(random, 3) * 40_000)])],
    () => [frame('settings', 0, [0, 1, ...uint32(pick(random, 8_000))])],
    () => [frame('ping', 0, Buffer.alloc(8))],
    () => [frame('window', 0, uint32(1 + pick(random, 100_000)))],
    () => [frame('window', opened.any(), uint32(1 + pick(random, 100_000)))],
    () => [frame('priority', opened.any(), [...uint32(0), pick(random, 256)])],
    () => [frame('unknown', opened.any(), [1, 2, 3])],
    () => (pick(random, 9) === 0 ? [frame('goaway', 0, [...uint32(0), ...uint32(0)])] : []),
  ];
  return makers[pick(random, makers.length)]?.() ?? [];
}

/** Frames that a client must not send, most of the time. */
function someMistake(random: SeededRandom): Buffer[] {
  const id = 1 + 2 * pick(random, 12);
  const makers: (() => Buffer[])[] = [
    () => [headers(id, request())],
    () => [headers(id, fields(['x-a', '1']), pick(random, 2))],
    () => [headers(id, request('POST', [['content-length', '7']]))],
    () => [frame('data', id, Buffer.alloc(pick(random, 20_000)), { flags: pick(random, 2) })],
    () => [frame('data', id, [pick(random, 9), 1, 2, 3], { flags: Flag.Padded })],
    () => [frame('settings', 0, [], { flags: Flag.Ack })],
    () => [frame('settings', 0, [0, 1 + pick(random, 6), ...uint32(pick(random, 100_000))])],
    () => [frame('window', pick(random, 2) * id, uint32(pick(random, 2) * 0x7fff_ffff))],
    () => [frame('headers', id, request().subarray(0, pick(random, 20)))],
    () => [frame('goaway', 0, [...uint32(id), ...uint32(pick(random, 14))])],
    () => [frame('push', id, [1, 2, 3])],
  ];
  return makers[pick(random, makers.length)]?.() ?? [];
}

function pick(random: SeededRandom, below: number): number {
  return Math.floor(random.float() * below);
}
