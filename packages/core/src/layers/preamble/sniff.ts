import { toFactory } from '../../connection/factory.ts';
import { handOver } from '../../connection/hand-over.ts';
import type { DelayedCall } from '../../contract/clock.ts';
import type { Factory, FactoryLike, Incoming, Matcher } from '../../contract/factory.ts';
import type { Protocol } from '../../contract/protocol.ts';
import type { Transport } from '../../contract/transport.ts';
import { ProtocolError } from '../../errors.ts';

/** A protocol to recognise: a factory that knows its own first bytes, or one with a matcher beside it. */
export type SniffChoice = Factory | { readonly match: Matcher; readonly to: FactoryLike };

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

/**
 * Lets protocols share a port: looks at the first bytes, then hands the connection over, socket and all. An undecided
 * choice blocks the later ones, so a client may send a byte at a time. Without `silent` a silent client is cut off
 * after `decideWithinMs`; without `otherwise` an unknown one at once, with `HAWSER_UNRECOGNISED`.
 *
 * @throws TypeError if a choice has no matcher
 */
export function sniff(choices: SniffChoices, options: SniffOptions = {}): Factory {
  const { silentAfterMs = 300, decideWithinMs = 10_000 } = options;
  const plan: Plan = {
    choices: Object.entries(choices)
      .filter(([name]) => name !== 'silent' && name !== 'otherwise')
      .map(([name, choice]) => toChoice(name, choice)),
    silent: choices.silent && toFactory(choices.silent),
    otherwise: choices.otherwise && toFactory(choices.otherwise),
    silentAfterMs,
    decideWithinMs,
  };
  return {
    name: `sniff(${Object.keys(choices).join('|')})`,
    buildProtocol: (incoming) => new SniffProtocol(incoming, plan),
  };
}

function toChoice(name: string, choice: SniffChoices[string]): Choice {
  if (choice && 'to' in choice) return { match: choice.match, to: toFactory(choice.to) };
  if (choice && 'match' in choice && choice.match) return { match: choice.match, to: choice };
  throw new TypeError(`Cannot sniff "${name}" as it has no matcher: give { match, to }`);
}

class SniffProtocol implements Protocol {
  readonly #incoming: Incoming;
  readonly #plan: Plan;
  #transport: Transport | undefined;
  #head: Buffer = Buffer.alloc(0);
  #timer: DelayedCall | undefined;

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

  #wait(ms: number, call: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#incoming.reactor.clock.callLater(ms, call);
  }

  #give(factory: Factory): void {
    this.#timer?.cancel();
    const transport = this.#transport;
    if (!transport) return;
    handOver(transport, { incoming: this.#incoming, factory, leftover: this.#head });
  }
}
