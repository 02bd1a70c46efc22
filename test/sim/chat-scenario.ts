// The chat of the examples on a bad network. Guests come again when they lose their connection, and talk.
//
// Invariants: nobody reads what nobody wrote; what one visit of one guest wrote arrives at another in the order it was
// written, nothing twice; when the weather is fine again everybody gets in and hears everybody; nothing is left behind.
import {
  BaseProtocol,
  type Factory,
  LineDecoder,
  type SimHost,
  type Simulation,
  serve,
} from '@hawser/core';
import { ChatRooms } from '../../examples/chat-rooms.ts';
import { unleashFaults } from './seeded-faults.ts';

const GUESTS = ['ann', 'bob', 'cem'];
const WEATHER_MS = 6_000;
const TALK_EVERY_MS = 500;
/** They go on a while after the weather has cleared: only who talks notices that its peer is gone. */
const TALK_UNTIL_MS = 20_000;
const CALM_MS = 20_000;

/** Runs the chat, and throws at the first invariant that does not hold. */
export function chatScenario(sim: Simulation, chat: () => Factory = () => new ChatRooms()): void {
  const server = sim.host('server');
  const hosts = GUESTS.map((name) => sim.host(name));
  let port = open();
  function open(): ReturnType<typeof serve> {
    const service = serve('tcp://:7000', chat());
    void service.start(server);
    return service;
  }
  unleashFaults(sim, {
    server,
    clients: hosts,
    untilMs: WEATHER_MS,
    reboot: () => {
      port = open();
    },
  });
  const guests = hosts.map((host) => new ChatGuest(host, GUESTS));
  for (const guest of guests) guest.arrive();
  sim.sync.advance(TALK_UNTIL_MS + CALM_MS);
  for (const guest of guests) guest.say('all clear');
  sim.sync.advance(CALM_MS);
  for (const guest of guests) guest.check();
  for (const guest of guests) guest.leave();
  sim.sync.until(port.stop());
  sim.sync.run();
  sim.assertNoLeaks();
}

/** One who talks all the time, and remembers what the others said. */
class ChatGuest {
  readonly #host: SimHost;
  readonly #others: readonly string[];
  /** How often it came: part of its name, as the server may not have noticed yet that it went. */
  #visit = 0;
  #said = 0;
  #line: ChatLine | undefined;
  #gone = false;
  /** The last number heard from each visit of each guest. */
  readonly #heard = new Map<string, number>();
  readonly #clear = new Set<string>();

  constructor(host: SimHost, everybody: readonly string[]) {
    this.#host = host;
    this.#others = everybody.filter((name) => name !== host.name);
  }

  arrive(): void {
    if (this.#gone) return;
    this.#visit += 1;
    const line = new ChatLine(`${this.#host.name}${this.#visit}`, (text) => this.#hear(text));
    const factory = { name: 'guest', buildProtocol: () => line };
    void this.#host.tcp
      .connect({ host: 'server', port: 7000, timeoutMs: 2_000 }, factory)
      .addBoth((outcome) => {
        if (outcome.state === 'rejected') {
          this.#host.clock.callLater(500, () => this.arrive());
          return;
        }
        this.#line = line;
        const talk = (): void => {
          if (line.transport.ending || this.#host.clock.now() > TALK_UNTIL_MS) return;
          this.#said += 1;
          line.say(`#${this.#said}`);
          this.#host.clock.callLater(TALK_EVERY_MS, talk);
        };
        talk();
        outcome.value.onClose(() => this.#host.clock.callLater(100, () => this.arrive()));
      });
  }

  say(text: string): void {
    this.#line?.say(text);
  }

  leave(): void {
    this.#gone = true;
    this.#line?.transport.close();
  }

  /** @throws Error if it did not hear everybody say that all is clear */
  check(): void {
    for (const other of this.#others) {
      if (!this.#clear.has(other))
        throw new Error(`${this.#host.name} did not hear ${other} in the end`);
    }
  }

  #hear(text: string): void {
    if (/^(Who are you\?|[a-z]+\d+ (joined|left)|The chat is closing\.)$/.test(text)) return;
    const [, name = '', visit = '', number] =
      /^([a-z]+)(\d+): (?:#(\d+)|all clear)$/.exec(text) ?? [];
    if (!name)
      throw new Error(`${this.#host.name} read what nobody wrote: ${JSON.stringify(text)}`);
    if (number === undefined) {
      this.#clear.add(name);
      return;
    }
    const last = this.#heard.get(name + visit) ?? 0;
    if (Number(number) <= last) {
      throw new Error(`${this.#host.name} heard ${name}${visit} say ${number} after ${last}`);
    }
    this.#heard.set(name + visit, Number(number));
  }
}

/** The client side of one connection. */
class ChatLine extends BaseProtocol {
  readonly #name: string;
  readonly #heard: (text: string) => void;
  readonly #lines = new LineDecoder({ maxBytes: 512 });

  constructor(name: string, heard: (text: string) => void) {
    super();
    this.#name = name;
    this.#heard = heard;
  }

  override connected(): void {
    this.say(this.#name);
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) this.#heard(line.toString());
  }

  say(text: string): void {
    if (!this.transport.ending) this.transport.write(Buffer.from(`${text}\n`));
  }
}
