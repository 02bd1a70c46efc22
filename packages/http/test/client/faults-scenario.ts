// Clients and a server through loss, partitions, resets and crashes. The server keeps a ledger of what it was asked,
// which survives it as a database would.
//
// Every attempt carries a number of its own. Invariants: every request comes to a whole response, to its own last
// attempt, or to an error; every attempt is handled at most once, what is not idempotent in one attempt at most; in the
// end everything has come to something, and nothing is left behind.
import { type Deferred, type SimHost, type Simulation, serve } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import { unleashFaults } from '../../../../test/sim/seeded-faults.ts';
import type { HttpExchange } from '../../src/contract/exchange.ts';
import {
  type ClientProtocol,
  type CookieJar,
  type HttpClient,
  HttpRequestError,
  http,
  httpClient,
} from '../../src/index.ts';
import { fieldValue } from '../../src/proxy/end-to-end-fields.ts';

const CLIENTS = ['one', 'two'];
const REQUESTS = 15;
const WEATHER_MS = 8_000;
const PATIENCE_MS = 400_000;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const RETRY_LIMIT = 2;

/** Which attempts were handled, by the id of their request. */
export type Ledger = Map<string, string[]>;

/** What was seen, for a test that checks the scenario itself. */
export interface FaultsSummary {
  readonly answered: number;
  readonly failed: number;
  readonly sentAgain: number;
}

/** Answers every request with text that only it can get, some of it slowly and in pieces. */
export function faultyServer(ledger: Ledger): ReturnType<typeof serve> {
  const responder = (exchange: HttpExchange): void => {
    const id = exchange.target.slice(1);
    const attempt = fieldValue(exchange.fields, 'cookie') ?? '';
    let body = '';
    exchange.body.consume({
      data: (chunk) => {
        body += chunk.toString();
      },
      end: () => {
        ledger.set(id, [...(ledger.get(id) ?? []), attempt]);
        if (body !== bodyOf(exchange.method, id))
          throw new Error(`${id} had another body: ${body}`);
        answer(exchange, answerOf(id, attempt));
      },
      failed: () => undefined,
    });
  };
  return serve('tcp://:80', http({ responder }));
}

function answer(exchange: HttpExchange, text: string): void {
  if (text.length % 3 === 0) {
    exchange.respond({ status: 200, fields: [] }, text);
    return;
  }
  const fields = text.length % 3 === 1 ? ['content-length', String(text.length)] : [];
  const out = exchange.stream({ status: 200, fields });
  const { clock } = exchange.transport.reactor;
  const step = (at: number): void => {
    if (exchange.gone) return;
    // In good order, and in the middle: that is the end of the connection, and not of the answer.
    if (at > 0 && text.length % 7 === 0) {
      exchange.transport.close();
      return;
    }
    out.write(Buffer.from(text.slice(at, at + 300)));
    if (at + 300 < text.length) clock.callLater(20, () => step(at + 300));
    else out.end();
  };
  step(0);
}

function bodyOf(method: string, id: string): string {
  return method === 'POST' || method === 'PUT' ? `${id} `.repeat(50) : '';
}

/** From a few bytes to two kilobytes. */
function answerOf(id: string, attempt: string): string {
  const number = Number(/\d+$/.exec(id)?.[0]);
  return `${id}:${'x'.repeat((number * 977) % 2_000)}:${attempt}`;
}

/** What a scenario is run with. */
export interface FaultsOptions {
  /** @defaultValue {@link faultyServer} */
  readonly makeServer?: typeof faultyServer | undefined;
  /** What is spoken. HTTP/2 needs turns of the real loop, as node's library does some of its work in those. */
  readonly over?: ClientProtocol | undefined;
}

/** How time passes: at once, or with turns of the real loop in between. */
interface Drive {
  advance(ms: number): void | Promise<void>;
  until(work: PromiseLike<unknown>): unknown;
  run(): unknown;
}

/** Runs it, and throws at the first invariant that does not hold. */
export async function faultsScenario(
  sim: Simulation,
  { makeServer = faultyServer, over = 'http/1.1' }: FaultsOptions = {},
): Promise<FaultsSummary> {
  const drive = driveOf(sim, over);
  const server = sim.host('server');
  const hosts = CLIENTS.map((name) => sim.host(name));
  const ledger: Ledger = new Map();
  let port = makeServer(ledger);
  void port.start(server);
  unleashFaults(sim, {
    server,
    clients: hosts,
    untilMs: WEATHER_MS,
    reboot: () => {
      port = makeServer(ledger);
      void port.start(server);
    },
  });
  const askers = hosts.map((host) => new Asker(host, { seed: sim.seed, ledger, over }));
  for (const asker of askers) asker.begin();
  await drive.advance(WEATHER_MS);
  const giveUpAt = sim.now() + PATIENCE_MS;
  while (askers.some((asker) => !asker.done)) {
    if (sim.now() >= giveUpAt)
      throw new Error(`Not everything came to an end in ${PATIENCE_MS} ms`);
    await drive.advance(1_000);
  }
  const broken = askers.flatMap((asker) => asker.broken);
  if (broken.length > 0) throw new Error(broken.join('; '));
  for (const asker of askers) await drive.until(asker.client.close());
  await drive.until(port.stop());
  await drive.run();
  sim.assertNoLeaks();
  const sum = (of: (asker: Asker) => number): number =>
    askers.reduce((total, asker) => total + of(asker), 0);
  return {
    answered: sum((asker) => asker.answered),
    failed: sum((asker) => asker.failed),
    sentAgain: sum((asker) => asker.sentAgain),
  };
}

function driveOf(sim: Simulation, over: ClientProtocol): Drive {
  if (over === 'h2') {
    return {
      advance: (ms) => sim.settled.elapse(ms),
      until: (work) => sim.settled.until(work),
      run: () => sim.settled.run(),
    };
  }
  return {
    advance: (ms) => sim.sync.advance(ms),
    until: (work) => sim.sync.until(work as Deferred<unknown>),
    run: () => sim.sync.run(),
  };
}

/** Makes its requests, up to three at a time. */
class Asker {
  readonly client: HttpClient;
  readonly #host: SimHost;
  readonly #random: SeededRandom;
  readonly #ledger: Ledger;
  #asked = 0;
  answered = 0;
  failed = 0;
  sentAgain = 0;
  readonly broken: string[] = [];

  constructor(
    host: SimHost,
    { seed, ledger, over }: { seed: number; ledger: Ledger; over: ClientProtocol },
  ) {
    this.#host = host;
    this.#ledger = ledger;
    this.#random = new SeededRandom(seed * 31 + host.name.length);
    this.client = httpClient(host, {
      timeouts: { connectMs: 2_000, headMs: 3_000, bodyIdleMs: 3_000, totalMs: 15_000 },
      retry: { limit: RETRY_LIMIT, initialDelayMs: 50 },
      pool: { maxConnectionsPerOrigin: 2 },
      protocols: [over],
    });
  }

  get done(): boolean {
    return this.answered + this.failed === REQUESTS;
  }

  begin(): void {
    for (let at = 0; at < 3; at++) this.#next();
  }

  #next(): void {
    if (this.#asked >= REQUESTS) return;
    this.#asked += 1;
    const id = `${this.#host.name}${this.#asked}`;
    const method = METHODS[Math.floor(this.#random.float() * METHODS.length)] ?? 'GET';
    const body = bodyOf(method, id);
    const attempts = new Attempts();
    void this.client
      .request(`http://server/${id}`, { method, cookies: attempts, ...(body ? { body } : {}) })
      .addCallback((response) => {
        if (response.status !== 200) throw new Error(`${id} was answered ${response.status}`);
        if (response.timings.attempts !== attempts.made)
          throw new Error(
            `${id} was sent ${attempts.made} times, not ${response.timings.attempts}`,
          );
        return response.text();
      })
      .addBoth((outcome) => {
        if (outcome.state === 'fulfilled') this.#succeeded(id, outcome.value, attempts);
        else this.#failed(id, outcome.error);
        this.sentAgain += Math.max(0, attempts.made - 1);
        this.#check(id, method, attempts);
        const rest = Math.floor(this.#random.float() * 600);
        this.#host.clock.callLater(rest, () => this.#next());
      });
  }

  #succeeded(id: string, text: string, attempts: Attempts): void {
    this.answered += 1;
    if (text !== answerOf(id, attempts.last))
      this.broken.push(`${id} got ${text.length} octets of something else`);
    // Not always the last one that is handled: one before it may have been on its way for longer.
    if (!this.#ledger.get(id)?.includes(attempts.last))
      this.broken.push(`${id} was answered by nobody`);
  }

  #failed(id: string, error: unknown): void {
    this.failed += 1;
    if (!(error instanceof HttpRequestError))
      this.broken.push(`${id} failed with ${String(error)}`);
  }

  #check(id: string, method: string, { made }: Attempts): void {
    const handled = this.#ledger.get(id) ?? [];
    const most = method === 'POST' ? 1 : made;
    if (handled.length > most)
      this.broken.push(`${method} ${id} was handled ${handled.length} times, and sent ${made}`);
    if (new Set(handled).size < handled.length)
      this.broken.push(`${method} ${id} was handled twice for one attempt: ${handled.join()}`);
  }
}

/** Numbers the attempts of one request: each is asked for the cookies it should have. */
class Attempts implements CookieJar {
  made = 0;

  get last(): string {
    return `attempt=${this.made}`;
  }
  cookiesFor(): string {
    this.made += 1;
    return this.last;
  }
  take(): void {}
}
