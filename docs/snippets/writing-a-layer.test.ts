import {
  BaseProtocol,
  type DelayedCall,
  type Factory,
  type Incoming,
  idleTimeout,
  type Layer,
  LineDecoder,
  layer,
  type Protocol,
  stack,
  type Transport,
  transform,
} from '@hawser/core';
import { isApplicable, type LayerHarness, layerConformance } from '@hawser/core/conformance';
import { connectPipe, createTestReactor, FakeTransport, feed } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';

// The layers of docs/writing-a-layer.md.

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Lets nobody in while `isOpen` says no. */
function gate(isOpen: () => boolean): Layer {
  return layer({
    kind: 'admission',
    label: 'gate',
    build(inner, incoming) {
      if (isOpen()) return inner.buildProtocol(incoming);
      incoming.abort({ kind: 'refused', by: 'gate', why: 'closed for maintenance' });
      return undefined;
    },
  });
}

/** Tells how long each connection lasted and what it carried. */
function tally(tell: (ms: number, bytes: number) => void): Layer {
  return layer({
    kind: 'observer',
    label: 'tally',
    build(inner, incoming) {
      const { clock } = incoming.reactor;
      incoming.onClose(() => {
        tell(clock.now() - incoming.openedAt, incoming.bytesRead + incoming.bytesWritten);
      });
      return inner.buildProtocol(incoming);
    },
  });
}

/** Asks for a word before anything else. */
function password(word: string): Layer {
  return layer({
    kind: 'preamble',
    label: 'password',
    build: (inner, incoming) => new Password(word, inner, incoming),
  });
}

class Password implements Protocol {
  readonly #lines = new LineDecoder({ maxBytes: 64 });
  readonly #word: string;
  readonly #inner: Factory;
  readonly #incoming: Incoming;
  #transport: Transport | undefined;
  #deadline: DelayedCall | undefined;

  constructor(word: string, inner: Factory, incoming: Incoming) {
    this.#word = word;
    this.#inner = inner;
    this.#incoming = incoming;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#deadline = transport.reactor.clock.callLater(10_000, () => {
      transport.abort({ kind: 'timeout', timer: 'handshake', afterMs: 10_000 });
    });
  }

  dataReceived(data: Buffer): void {
    const line = this.#lines.push(data).next();
    if (line) this.#judge(line.toString());
  }

  connectionLost(): void {
    this.#deadline?.cancel();
  }

  #judge(line: string): void {
    const refusal = { kind: 'refused', by: 'password', why: 'wrong password' } as const;
    if (line !== this.#word) return this.#transport?.abort(refusal);
    this.#deadline?.cancel();
    const protocol = this.#inner.buildProtocol(this.#incoming);
    if (protocol) this.#transport?.handTo(protocol, this.#lines.rest());
    else this.#transport?.abort({ ...refusal, by: this.#inner.name, why: 'not wanted' });
  }
}

const rot13 = transform('rot13', () => ({ received: rotate, sent: rotate }));

function rotate(data: Uint8Array): Buffer {
  return Buffer.from(data).map((byte) => {
    const letter = (byte | 0x20) - 0x61;
    return letter >= 0 && letter < 26 ? byte - letter + ((letter + 13) % 26) : byte;
  }) as Buffer;
}

/** Lets a peer say one thing in `ms` milliseconds. */
function calm(ms: number): Layer {
  return transform(`calm(${ms})`, (control) => {
    const { incoming } = control;
    let waiting: DelayedCall | undefined;
    incoming.onClose(() => waiting?.cancel());
    return {
      received(data) {
        const held = control.hold();
        waiting = incoming.reactor.clock.callLater(ms, () => held[Symbol.dispose]());
        return data;
      },
    };
  });
}

function adopt(each: Layer) {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  transport.adopt(stack(each)(() => new Echo()));
  return { transport, reactor };
}

describe('an admission layer', () => {
  test('refuses while it is closed', async () => {
    const { transport } = adopt(gate(() => false));
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ kind: 'refused', by: 'gate' });
    expect(transport.wireState).toBe('reset');
  });

  test('is not there while it is open', async () => {
    const { transport } = adopt(gate(() => true));
    transport.receive('hello');
    expect(transport.takeText()).toBe('hello');
  });
});

test('an observer sees counts, not bytes', async () => {
  const told: string[] = [];
  const { transport, reactor } = adopt(tally((ms, bytes) => told.push(`${ms} ms, ${bytes} bytes`)));
  transport.receive('hello');
  await reactor.clock.elapse(250);
  transport.lose();
  await transport.settle();
  expect(told).toEqual(['250 ms, 10 bytes']);
});

describe('a preamble', () => {
  test('takes its bytes, however they come, and leaves the rest', async () => {
    const secret = stack(password('tide'))(() => new Echo());
    const { written, problems } = await feed(secret, 'tide\nhello');
    expect(written.toString()).toBe('hello');
    expect(problems).toEqual([]);
  });

  test('turns away', async () => {
    const { transport } = adopt(password('tide'));
    transport.receive('ebb\n');
    await transport.settle();
    expect(transport.closedWith).toMatchObject({ kind: 'refused', by: 'password' });
    expect(transport.takeText()).toBe('');
  });

  test('does not wait for ever, nor for too much', async () => {
    const { transport, reactor } = adopt(password('tide'));
    await reactor.clock.elapse(10_000);
    expect(transport.closedWith).toMatchObject({ kind: 'timeout', timer: 'handshake' });
    const { closedWith } = await feed(
      stack(password('tide'))(() => new Echo()),
      'x'.repeat(99),
    );
    expect(closedWith).toMatchObject({ kind: 'protocol', error: { code: 'HAWSER_LINE_TOO_LONG' } });
  });

  test('is gone afterwards', async () => {
    const { transport, reactor } = adopt(password('tide'));
    transport.receive('tide\n');
    expect(reactor.clock.timers).toBe(0);
    transport.receive('hello');
    expect(transport.takeText()).toBe('hello');
  });
});

describe('a transform', () => {
  test('changes bytes both ways', async () => {
    const heard: string[] = [];
    const transport = new FakeTransport();
    transport.adopt(
      stack(rot13)(() => ({
        connectionMade: (upper) => void upper.write(Buffer.from('Hello')),
        dataReceived: (data) => void heard.push(data.toString()),
      })),
    );
    transport.receive('Uryyb');
    expect(heard).toEqual(['Hello']);
    expect(transport.takeText()).toBe('Uryyb');
  });

  test('may hold what comes', async () => {
    const { transport, reactor } = adopt(calm(1_000));
    transport.receive('one');
    transport.receive('two');
    await transport.settle();
    expect(transport.takeText()).toBe('one');
    await reactor.clock.elapse(1_000);
    expect(transport.takeText()).toBe('two');
    transport.lose();
    await transport.settle();
    expect(reactor.clock.timers).toBe(0);
  });
});

test('a stack is read from the wire', () => {
  const factory = stack(
    gate(() => true),
    rot13,
    idleTimeout(60_000),
  )({ name: 'echo', buildProtocol: () => new Echo() });
  expect(factory.name).toBe('gate > rot13 > idle(60000) > echo');
});

/** Connections over pipes, for layers that stand alike in front of both sides. */
function pipes(makeLayer: () => Layer): LayerHarness {
  const reactor = createTestReactor();
  const { clock, reports } = reactor;
  return {
    makeLayer,
    wrapClient: (inner) => makeLayer()(inner),
    can: new Set(['resets', 'quietStart', 'halfCloses', 'limitsPending', 'bulk', 'copies']),
    problems: reports.problems,
    connect: async (server, client, options) => connectPipe(reactor, server, client, options),
    async wait(answer) {
      let waiting = true;
      const settled = (): boolean => (waiting = false);
      answer.then(settled, settled);
      for (let turn = 0; waiting && turn < 1_000; turn++) await clock.elapse(turn);
      return answer;
    },
    quiet: () => clock.settle(),
  };
}

describe.each([
  ['gate', () => gate(() => true)],
  ['tally', () => tally(() => undefined)],
  ['rot13', () => rot13],
] as const)('the layer %s', (_name, makeLayer) => {
  for (const each of layerConformance) {
    const harness = pipes(makeLayer);
    test.skipIf(!isApplicable(each, harness.can))(each.name, async () => {
      await expect(each.run(harness)).resolves.toBeUndefined();
    });
  }
});
