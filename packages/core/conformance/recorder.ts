import type { CloseReason } from '../src/contract/close-reason.ts';
import type { Factory } from '../src/contract/factory.ts';
import type { Protocol } from '../src/contract/protocol.ts';
import type { Transport } from '../src/contract/transport.ts';
import { type Asked, CallGrammar, type ProtocolCall } from './call-grammar.ts';
import { guard, type MethodStack } from './guarded-transport.ts';

/** What a case does in the callbacks. Without `ended` the protocol has no `readEnded`. */
export interface Script {
  made?(transport: Transport): void;
  data?(chunk: Buffer, transport: Transport): void;
  ended?(transport: Transport): void;
  drained?(transport: Transport): void;
  drain?(deadline: number, transport: Transport): void;
  lost?(reason: CloseReason): void;
}

/** A protocol that remembers what it was told, holds it to the call grammar, and plays a {@link Script}. */
export class Recorder {
  readonly name: string;
  readonly protocol: Protocol;
  readonly factory: Factory;
  readonly calls: ProtocolCall[] = [];
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  reason: CloseReason | undefined;
  /** Reasons its `onClose` listener heard. */
  readonly closed: CloseReason[] = [];

  readonly #script: Script;
  readonly #stack: MethodStack;
  readonly #grammar: CallGrammar;
  readonly #asked: { -readonly [K in keyof Asked]: Asked[K] } = {
    paused: false,
    closed: false,
    owedDrained: false,
    gone: false,
    detached: false,
    insideMethod: false,
  };
  #transport: Transport | undefined;
  #waiting: { readonly test: () => boolean; readonly done: () => void }[] = [];

  constructor(name: string, script: Script, stack: MethodStack) {
    this.name = name;
    this.#script = script;
    this.#stack = stack;
    this.#grammar = new CallGrammar(name);
    this.protocol = this.#makeProtocol();
    this.factory = { name, buildProtocol: () => this.protocol };
  }

  get transport(): Transport {
    if (!this.#transport) throw new Error(`Cannot use ${this.name} as it was never connected`);
    return this.#transport;
  }
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get text(): string {
    return this.received.toString('latin1');
  }
  get violations(): readonly string[] {
    return this.#grammar.violations;
  }
  /** True while this is the protocol of a connection that is not lost. */
  get live(): boolean {
    return this.#transport !== undefined && !this.#asked.gone && this.reason === undefined;
  }

  count(call: ProtocolCall): number {
    return this.calls.filter((each) => each === call).length;
  }

  /** Settles once `test` is true; it is asked after each callback. */
  until(test: () => boolean): Promise<void> {
    return new Promise((done) => {
      if (test()) done();
      else this.#waiting.push({ test, done });
    });
  }

  #makeProtocol(): Protocol {
    const script = this.#script;
    return {
      connectionMade: (raw) => {
        const transport = guard(raw, this.#asked, this.#stack);
        this.#transport = transport;
        this.#stack.withoutMethods(() => {
          this.#heard('made', () => {
            raw.onClose((reason) => {
              this.closed.push(reason);
              this.#look();
            });
            script.made?.(transport);
          });
        });
      },
      dataReceived: (chunk) => {
        this.chunks.push(chunk);
        this.receivedBytes += chunk.length;
        this.#heard('data', () => script.data?.(chunk, this.transport));
      },
      ...(script.ended && {
        readEnded: () => this.#heard('ended', () => script.ended?.(this.transport)),
      }),
      writeDrained: () => {
        this.#heard('drained', () => script.drained?.(this.transport));
      },
      ...(script.drain && {
        drainRequested: (deadline: number) =>
          this.#heard('drain', () => script.drain?.(deadline, this.transport)),
      }),
      connectionLost: (reason) => {
        this.reason ??= reason;
        this.#heard('lost', () => script.lost?.(reason));
      },
    };
  }

  #heard(call: ProtocolCall, play: () => void): void {
    this.calls.push(call);
    this.#grammar.call(call, { ...this.#asked, insideMethod: this.#stack.inside });
    if (call === 'drained') this.#asked.owedDrained = false;
    try {
      play();
    } finally {
      this.#look();
    }
  }

  #look(): void {
    const ready = this.#waiting.filter(({ test }) => test());
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each));
    for (const { done } of ready) done();
  }
}
