/** What a protocol is told, in the words of the call grammar. */
export type ProtocolCall = 'made' | 'data' | 'drained' | 'drain' | 'ended' | 'lost';

/** What the protocol has asked for, as far as it limits what it may be told. */
export interface Asked {
  /** It paused reading and has not resumed. */
  readonly paused: boolean;
  /** It closed or aborted, so it wants no input. */
  readonly closed: boolean;
  /** A write of it returned false and the queue was not empty since. */
  readonly owedDrained: boolean;
  /** It handed the connection to another protocol. */
  readonly gone: boolean;
  /** It gave the socket away. */
  readonly detached: boolean;
  /** A method of a transport is on the stack. */
  readonly insideMethod: boolean;
}

/**
 * Holds the calls of one protocol to the grammar:
 *
 * ```text
 * made ( data | drained | drain )* [ ended ( drained | drain )* ] lost
 * ```
 */
export class CallGrammar {
  readonly violations: string[] = [];
  readonly #name: string;
  #at: 'new' | 'made' | 'ended' | 'lost' = 'new';

  constructor(name: string) {
    this.#name = name;
  }

  call(call: ProtocolCall, asked: Asked): void {
    const wrong = this.#order(call) ?? this.#consent(call, asked);
    if (wrong) this.violations.push(`${this.#name} heard "${call}" ${wrong}`);
    if (call === 'made' || call === 'ended' || call === 'lost') this.#at = call;
  }

  #order(call: ProtocolCall): string | undefined {
    if (call === 'made') return this.#at === 'new' ? undefined : 'twice';
    if (this.#at === 'new') return 'before "made"';
    if (this.#at === 'lost') return 'after "lost"';
    const input = call === 'data' || call === 'ended';
    return input && this.#at === 'ended' ? 'after "ended"' : undefined;
  }

  #consent(call: ProtocolCall, asked: Asked): string | undefined {
    if (asked.insideMethod && call !== 'made') return 'from inside a method of a transport';
    if (asked.gone) return 'after it had handed the connection on';
    if (call === 'drained' && !asked.owedDrained) return 'though no write had said false';
    if (asked.detached && call !== 'lost' && call !== 'drain') return 'after it had detached';
    if (call !== 'data' && call !== 'ended') return undefined;
    if (asked.paused) return 'while it had paused';
    return asked.closed ? 'after it had closed' : undefined;
  }
}
