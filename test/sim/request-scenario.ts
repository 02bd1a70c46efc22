// A counter asked over a bad network: "<id> add <n>" is answered with "<id> <total>". A client that gets no answer asks
// again under the same id, on a new connection if need be; the server answers what it has answered before in the same
// way. The table of answers survives a crash, as a database would.
//
// Invariants: every request is answered in the end; the same answer however often it is asked; each addition counts
// exactly once, so the last total is the sum of all; nothing is left behind.
import {
  BaseProtocol,
  type DelayedCall,
  type Factory,
  LineDecoder,
  type SimHost,
  type Simulation,
  serve,
} from '@hawser/core';
import { unleashFaults } from './seeded-faults.ts';

const CLIENTS = ['one', 'two'];
const REQUESTS = 12;
const WEATHER_MS = 6_000;
const RETRY_MS = 1_000;
const PATIENCE_MS = 300_000;

/** What the server keeps, in a place that survives it. */
export interface Ledger {
  total: number;
  readonly answered: Map<string, number>;
}

/** Makes the server of a ledger. */
export type CounterServer = (ledger: Ledger) => Factory;

/** The server as it should be. */
export const countingServer: CounterServer = (ledger) => ({
  name: 'counter',
  buildProtocol: () => new Counter(ledger),
});

class Counter extends BaseProtocol {
  readonly #ledger: Ledger;
  readonly #lines = new LineDecoder({ maxBytes: 64 });

  constructor(ledger: Ledger) {
    super();
    this.#ledger = ledger;
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      const [, id = '', number] = /^(\S+) add (\d+)$/.exec(line.toString()) ?? [];
      const { answered } = this.#ledger;
      let answer = answered.get(id);
      if (answer === undefined) {
        answer = this.#ledger.total += Number(number);
        answered.set(id, answer);
      }
      this.transport.write(Buffer.from(`${id} ${answer}\n`));
    }
  }
}

/** Runs the counter, and throws at the first invariant that does not hold. */
export function requestScenario(sim: Simulation, make: CounterServer = countingServer): void {
  const server = sim.host('server');
  const hosts = CLIENTS.map((name) => sim.host(name));
  const ledger: Ledger = { total: 0, answered: new Map() };
  const open = (): ReturnType<typeof serve> => {
    const service = serve('tcp://:7', make(ledger));
    void service.start(server);
    return service;
  };
  let port = open();
  unleashFaults(sim, {
    server,
    clients: hosts,
    untilMs: WEATHER_MS,
    reboot: () => {
      port = open();
    },
  });
  const clients = hosts.map((host) => new CounterClient(host));
  for (const client of clients) client.connect();
  sim.sync.advance(WEATHER_MS);
  const giveUpAt = sim.now() + PATIENCE_MS;
  while (clients.some((client) => !client.done)) {
    if (sim.now() >= giveUpAt) throw new Error(`No answer within ${PATIENCE_MS} ms`);
    sim.sync.advance(1_000);
  }
  const sum = CLIENTS.length * ((REQUESTS * (REQUESTS + 1)) / 2);
  const largest = Math.max(...clients.map((client) => client.largest));
  if (ledger.total !== sum) throw new Error(`The total is ${ledger.total}, not ${sum}`);
  if (largest !== sum) throw new Error(`The last answer is ${largest}, not ${sum}`);
  sim.sync.until(port.stop());
  sim.sync.run();
  sim.assertNoLeaks();
}

/** Asks one thing after another, and again until it is answered. */
class CounterClient {
  readonly #host: SimHost;
  #asked = 0;
  #line: CounterLine | undefined;
  #retry: DelayedCall | undefined;
  largest = 0;
  readonly #answers = new Map<string, string>();

  constructor(host: SimHost) {
    this.#host = host;
  }

  get done(): boolean {
    return this.#answers.size === REQUESTS;
  }

  connect(): void {
    if (this.done) return;
    const line = new CounterLine((text) => this.#answered(text));
    const factory = { name: 'asking', buildProtocol: () => line };
    const options = { host: 'server', port: 7, timeoutMs: 2_000 };
    void this.#host.tcp.connect(options, factory).addBoth((outcome) => {
      if (outcome.state === 'rejected') {
        this.#host.clock.callLater(300, () => this.connect());
        return;
      }
      this.#line = line;
      outcome.value.onClose(() => this.connect());
      this.#ask();
    });
  }

  #ask(): void {
    this.#retry?.cancel();
    if (this.done) {
      this.#line?.transport.close();
      return;
    }
    const number = this.#answers.size + 1;
    this.#line?.ask(`${this.#host.name}${number} add ${number}\n`);
    this.#asked += 1;
    // Half of those that get no answer give the connection up as well.
    this.#retry = this.#host.clock.callLater(RETRY_MS, () => {
      if (this.#asked % 2 === 0) this.#line?.transport.abort();
      else this.#ask();
    });
  }

  #answered(text: string): void {
    const [id = '', answer = ''] = text.split(' ');
    const before = this.#answers.get(id);
    if (before !== undefined && before !== answer) {
      throw new Error(`${id} was answered ${before}, and then ${answer}`);
    }
    if (!new RegExp(`^${this.#host.name}\\d+ \\d+$`).test(text)) {
      throw new Error(`${this.#host.name} read what is no answer: ${JSON.stringify(text)}`);
    }
    this.largest = Math.max(this.largest, Number(answer));
    this.#answers.set(id, answer);
    if (before === undefined) this.#ask();
  }
}

class CounterLine extends BaseProtocol {
  readonly #answered: (text: string) => void;
  readonly #lines = new LineDecoder({ maxBytes: 64 });

  constructor(answered: (text: string) => void) {
    super();
    this.#answered = answered;
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) this.#answered(line.toString());
  }

  ask(text: string): void {
    if (!this.transport.ending) this.transport.write(Buffer.from(text));
  }
}
