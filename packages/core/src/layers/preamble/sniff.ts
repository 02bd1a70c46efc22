import { toFactory } from '../../connection/factory.ts';
import { handOver } from '../../connection/hand-over.ts';
import { stackWarnings } from '../../connection/stack.ts';
import type { Factory, FactoryLike, Incoming, Matcher } from '../../contract/factory.ts';
import type { Port } from '../../contract/port.ts';
import type { Protocol } from '../../contract/protocol.ts';
import type { Transport } from '../../contract/transport.ts';
import { ProtocolError, UsageError } from '../../errors.ts';
import { waitForInput } from '../wait-for-input.ts';

/**
 * A protocol to recognise: a factory that knows its own first bytes, or one with a matcher beside it. `speaksFirst`
 * says that its clients may wait for the server, as in SMTP: without a `silent` branch they are reported as a mistake.
 */
export type SniffChoice = (Factory | { readonly match: Matcher; readonly to: FactoryLike }) & {
  readonly speaksFirst?: boolean | undefined;
};

/**
 * The protocols that share a port, by name, tried in this order. `silent` takes clients that wait for the server to
 * speak first, as in SMTP; `otherwise` takes what nobody recognised.
 */
export interface SniffChoices {
  readonly [name: string]: SniffChoice | FactoryLike | undefined;
  readonly silent?: FactoryLike | undefined;
  readonly otherwise?: FactoryLike | undefined;
}

/** Options for {@link sniff}. */
export interface SniffOptions {
  /** A client that has sent nothing for so long is silent. @defaultValue 300 */
  readonly silentAfterMs?: number | undefined;
  /** A client that has not said enough by then is cut off. @defaultValue 10_000 */
  readonly decideWithinMs?: number | undefined;
}

interface Choice {
  readonly match: Matcher;
  readonly to: Factory;
}

interface Plan {
  readonly choices: readonly Choice[];
  readonly silent: Factory | undefined;
  readonly otherwise: Factory | undefined;
  readonly silentAfterMs: number;
  readonly decideWithinMs: number;
}

/** The most a matcher may ask for, and so what is kept of a client that is not recognised yet, but for one chunk. */
const MAX_HEAD_BYTES = 65_536;

/**
 * Lets protocols share a port: looks at the first bytes, then hands the connection over, socket and all. An undecided
 * choice blocks the later ones, so a client may send a byte at a time. Without `silent` a silent client is cut off
 * after `decideWithinMs`; without `otherwise` an unknown one at once, with `HAWSER_UNRECOGNISED`.
 *
 * Above `tls` it offers by ALPN what its choices speak; a client that offers other names alone fails in the handshake.
 *
 * @throws TypeError if a choice has no matcher
 * @throws RangeError if a matcher may ask for no bytes, or for more than 65,536, or a time is not above 0
 */
export function sniff(choices: SniffChoices, options: SniffOptions = {}): Factory {
  return new SniffFactory(choices, options);
}

class SniffFactory implements Factory {
  readonly name: string;
  /** Those of all choices: inside of TLS, ALPN is agreed on before the first byte is there to look at. */
  readonly acceptableProtocols: readonly string[] | undefined;
  readonly #plan: Plan;
  readonly #all: ReadonlySet<Factory>;
  readonly #ownWarnings: readonly string[];
  #reported = false;

  constructor(choices: SniffChoices, options: SniffOptions) {
    const { silentAfterMs = 300, decideWithinMs = 10_000 } = options;
    for (const [name, ms] of Object.entries({ silentAfterMs, decideWithinMs })) {
      if (!(ms > 0)) throw new RangeError(`Cannot sniff as ${name} must be > 0: ${ms}`);
    }
    const present = Object.entries(choices).filter(([, choice]) => choice !== undefined);
    const named = present.filter(([name]) => name !== 'silent' && name !== 'otherwise');
    const silent = choices.silent && toFactory(choices.silent);
    const otherwise = choices.otherwise && toFactory(choices.otherwise);
    const recognised = named.map(([name, choice]) => toChoice(name, choice));
    this.name = `sniff(${present.map(([name]) => name).join('|')})`;
    this.#plan = { choices: recognised, silent, otherwise, silentAfterMs, decideWithinMs };
    const rest = [silent, otherwise].filter((each) => each !== undefined);
    this.#all = new Set([...recognised.map(({ to }) => to), ...rest]);
    const names = new Set([...this.#all].flatMap((each) => each.acceptableProtocols ?? []));
    this.acceptableProtocols = names.size > 0 ? [...names] : undefined;
    this.#ownWarnings = silent ? [] : named.flatMap(([name, choice]) => warn(name, choice));
  }

  /** For `stackWarnings`. */
  get warnings(): readonly string[] {
    return [...this.#ownWarnings, ...[...this.#all].flatMap((each) => stackWarnings(each))];
  }

  buildProtocol(incoming: Incoming): Protocol {
    if (!this.#reported) this.#report(incoming);
    return new SniffProtocol(incoming, this.#plan);
  }

  started(port: Port): void {
    for (const each of this.#all) each.started?.(port);
  }

  stopped(port: Port): void {
    for (const each of this.#all) each.stopped?.(port);
  }

  #report({ reactor }: Incoming): void {
    this.#reported = true;
    for (const warning of this.#ownWarnings) {
      reactor.reports.problem(this.name, new UsageError('HAWSER_LAYER_ORDER', warning));
    }
  }
}

function toChoice(name: string, choice: SniffChoices[string]): Choice {
  const { match, to } =
    choice && 'to' in choice
      ? { match: choice.match, to: toFactory(choice.to) }
      : { match: choice && 'match' in choice ? choice.match : undefined, to: choice as Factory };
  if (!match)
    throw new TypeError(`Cannot sniff "${name}" as it has no matcher: give { match, to }`);
  const { maxBytes } = match;
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > MAX_HEAD_BYTES) {
    throw new RangeError(
      `Cannot sniff "${name}" as its matcher must ask for 1 to ${MAX_HEAD_BYTES} bytes: ${maxBytes}`,
    );
  }
  return { match, to };
}

function warn(name: string, choice: SniffChoices[string]): string[] {
  const to = choice && 'to' in choice ? choice.to : choice;
  const speaksFirst = [choice, to].some(
    (each) => each !== undefined && 'speaksFirst' in each && each.speaksFirst === true,
  );
  if (!speaksFirst) return [];
  return [
    `Cannot be meant: the clients of "${name}" may wait for the server to speak, but no "silent" takes them`,
  ];
}

class SniffProtocol implements Protocol {
  readonly #incoming: Incoming;
  readonly #plan: Plan;
  #transport: Transport | undefined;
  #head: Buffer = Buffer.alloc(0);
  #timer: ReturnType<typeof waitForInput> | undefined;

  constructor(incoming: Incoming, plan: Plan) {
    this.#incoming = incoming;
    this.#plan = plan;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    const { silent, silentAfterMs } = this.#plan;
    if (silent) this.#wait(silentAfterMs, () => this.#give(silent));
    else this.#waitForMore();
  }

  dataReceived(data: Buffer): void {
    if (this.#head.length === 0) {
      this.#head = data;
      this.#waitForMore();
    } else {
      this.#head = Buffer.concat([this.#head, data]);
    }
    for (const { match, to } of this.#plan.choices) {
      const verdict = match.test(this.#head);
      if (verdict === 'yes') {
        this.#give(to);
        return;
      }
      if (verdict === 'more' && this.#head.length < match.maxBytes) return;
    }
    const { otherwise } = this.#plan;
    if (otherwise) {
      this.#give(otherwise);
      return;
    }
    const error = new ProtocolError('HAWSER_UNRECOGNISED', 'Cannot recognise the protocol');
    this.#transport?.abort({ kind: 'protocol', error });
  }

  readEnded(): void {
    this.#transport?.close();
  }

  connectionLost(): void {
    this.#timer?.cancel();
  }

  #waitForMore(): void {
    const { decideWithinMs } = this.#plan;
    this.#wait(decideWithinMs, () => {
      this.#transport?.abort({ kind: 'timeout', timer: 'handshake', afterMs: decideWithinMs });
    });
  }

  #wait(ms: number, expired: () => void): void {
    this.#timer?.cancel();
    this.#timer = waitForInput(this.#incoming.reactor.clock, { ms, expired });
  }

  #give(factory: Factory): void {
    this.#timer?.cancel();
    const transport = this.#transport;
    if (!transport) return;
    const leftover = this.#head;
    this.#head = Buffer.alloc(0);
    handOver(transport, { incoming: this.#incoming, factory, leftover });
  }
}
