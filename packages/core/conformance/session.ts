import assert from 'node:assert/strict';
import type { Factory } from '../src/contract/factory.ts';
import type { StreamOptions } from '../src/contract/tcp.ts';
import type { Capability, ConformanceCase, ConformanceHarness } from './conformance-case.ts';
import { MethodStack } from './guarded-transport.ts';
import { Recorder, type Script } from './recorder.ts';

/** What a case is made of. */
export interface CaseParts extends Pick<ConformanceCase, 'name' | 'invariants'> {
  readonly needs?: readonly Capability[];
  readonly play: (session: Session) => Promise<void>;
}

/** Makes a case that plays on a session of its own and ends with the checks that hold for every case. */
export function conformanceCase(parts: CaseParts): ConformanceCase {
  const { name, invariants, needs = [], play } = parts;
  return {
    name,
    invariants,
    needs,
    async run(harness) {
      const session = new Session(harness);
      await play(session);
      await session.finish();
    },
  };
}

/** The protocols and connections of one run of a case. */
export class Session {
  readonly harness: ConformanceHarness;
  readonly #stack = new MethodStack();
  readonly #recorders: Recorder[] = [];
  #problemsSeen = 0;

  constructor(harness: ConformanceHarness) {
    this.harness = harness;
  }

  protocol(name: string, script: Script = {}): Recorder {
    const recorder = new Recorder(name, script, this.#stack);
    this.#recorders.push(recorder);
    return recorder;
  }

  /** Connects two protocols and waits until both have heard of it. */
  async connect(server: Recorder, client: Recorder, options?: StreamOptions): Promise<void> {
    await this.open(server.factory, client.factory, options);
    await this.wait(Promise.all([this.made(server), this.made(client)]));
  }

  /**
   * Connects factories of which one may refuse or abort at once. Then the client may fail to connect, without hearing
   * of a connection: false.
   */
  async open(server: Factory, client: Factory, options?: StreamOptions): Promise<boolean> {
    const opened = Promise.resolve(this.harness.connect(server, client, options));
    return this.wait(
      opened.then(
        () => true,
        () => false,
      ),
    );
  }

  /** Connects to a server that ends the connection at once, and waits until `client` knows. */
  async openInVain(server: Factory, client: Recorder): Promise<void> {
    await this.open(server, client.factory);
    if (client.calls.length > 0) await this.lost(client);
    await this.harness.quiet();
  }

  wait<T>(answer: Promise<T>): Promise<T> {
    return this.harness.wait(answer);
  }

  made(recorder: Recorder): Promise<void> {
    return recorder.until(() => recorder.calls.length > 0);
  }

  /** Waits until each has lost its connection. */
  async lost(...recorders: readonly Recorder[]): Promise<void> {
    const gone = recorders.map((each) =>
      each.until(() => each.reason !== undefined && each.closed.length > 0),
    );
    await this.wait(Promise.all(gone));
  }

  /** Waits until `recorder` has so many bytes. */
  async received(recorder: Recorder, bytes: number): Promise<void> {
    await this.wait(recorder.until(() => recorder.receivedBytes >= bytes));
  }

  async heard(recorder: Recorder, call: Recorder['calls'][number]): Promise<void> {
    await this.wait(recorder.until(() => recorder.calls.includes(call)));
  }

  /** The problems reported since this was last asked. A case that causes one must ask. */
  takeProblems(): readonly { readonly where: string; readonly error: unknown }[] {
    const fresh = this.harness.problems.slice(this.#problemsSeen);
    this.#problemsSeen = this.harness.problems.length;
    return fresh;
  }

  /** Ends what is open and checks what holds for every connection: the grammar, one `lost`, one `onClose`, no problem. */
  async finish(): Promise<void> {
    const live = this.#recorders.filter((each) => each.live);
    for (const { transport } of live) transport.abort();
    await this.lost(...live);
    await this.harness.quiet();
    const violations = this.#recorders.flatMap((each) => each.violations);
    assert.deepEqual(violations, [], 'the call grammar was broken');
    for (const each of this.#recorders) {
      if (each.calls.length === 0) continue;
      assert.equal(each.closed.length, 1, `${each.name}: onClose was called once`);
      const last = each.calls.at(-1);
      if (each.reason) assert.equal(last, 'lost', `${each.name}: connectionLost came last`);
      if (each.reason) assert.deepEqual(each.closed[0], each.reason, `${each.name}: one reason`);
    }
    assert.deepEqual(this.takeProblems(), [], 'a problem was reported that nobody expected');
  }
}
