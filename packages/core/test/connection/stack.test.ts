import { expect, test } from 'vitest';
import { layer, stack, stackWarnings } from '../../src/connection/stack.ts';
import { allowList, denyList } from '../../src/layers/admission/allow-list.ts';
import { maxConnections } from '../../src/layers/admission/max-connections.ts';
import { perAddress } from '../../src/layers/admission/per-address.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** As TLS and the PROXY protocol are, to the order of a stack. */
const hides = layer({
  kind: 'transform',
  label: 'hides',
  match: { maxBytes: 1, test: () => 'yes' },
  build: (inner, incoming) => inner.buildProtocol(incoming),
});
const reports = layer({
  kind: 'preamble',
  label: 'reports',
  traits: ['reportsPeer'],
  build: (inner, incoming) => inner.buildProtocol(incoming),
});

const app = { name: 'app', buildProtocol: () => ({ dataReceived() {} }) };

test('the first layer is nearest the wire, in the name and when a connection comes', () => {
  const order: string[] = [];
  const named = (label: string) =>
    layer({
      kind: 'admission',
      label,
      build(inner, incoming) {
        order.push(label);
        return inner.buildProtocol(incoming);
      },
    });
  const factory = stack(named('a'), named('b(1)'))(app);
  expect(factory.name).toBe('a > b(1) > app');
  connectPipe(createTestReactor(), factory, app);
  expect(order).toEqual(['a', 'b(1)']);
});

test('a layer passes started and stopped on, to a factory with private state', () => {
  class Counting {
    readonly name = 'counting';
    #calls = 0;
    get calls(): number {
      return this.#calls;
    }
    buildProtocol() {
      return { dataReceived() {} };
    }
    started(): void {
      this.#calls += 1;
    }
    stopped(): void {
      this.#calls += 10;
    }
  }
  const counting = new Counting();
  const through = layer({
    kind: 'observer',
    label: 'through',
    build: (inner, incoming) => inner.buildProtocol(incoming),
  });
  const factory = stack(through, through)(counting);
  const port = {} as Parameters<NonNullable<typeof factory.started>>[0];
  factory.started?.(port);
  factory.stopped?.(port);
  expect(counting.calls).toBe(11);
});

test('a layer shows the matcher of what is behind it, unless it has its own', () => {
  const match = { maxBytes: 1, test: () => 'yes' as const };
  const own = { maxBytes: 2, test: () => 'no' as const };
  const parts = { kind: 'admission', label: 'x', build: () => undefined } as const;
  expect(stack(layer(parts))({ ...app, match }).match).toBe(match);
  expect(stack(layer({ ...parts, match: own }))({ ...app, match }).match).toBe(own);
});

test('a layer hears of started and stopped, as well as what is behind it', () => {
  const heard: string[] = [];
  const hearing = (label: string) =>
    layer({
      kind: 'admission',
      label,
      build: () => undefined,
      started: () => heard.push(`${label} started`),
      stopped: () => heard.push(`${label} stopped`),
    });
  const factory = stack(hearing('a'), hearing('b'))(app);
  const port = {} as Parameters<NonNullable<typeof factory.started>>[0];
  factory.started?.(port);
  factory.stopped?.(port);
  expect(heard).toEqual(['a started', 'b started', 'a stopped', 'b stopped']);
});

test('orders that are nearly always wrong are named', () => {
  expect(stackWarnings(stack(hides, reports)(app))).toEqual([
    'Cannot be meant: "hides" stands nearer the wire than "reports", but a proxy sends its header before everything else',
  ]);
  expect(stackWarnings(stack(hides, maxConnections(5))(app))).toEqual([
    'Cannot be meant: "hides" stands nearer the wire than "max(5)", so connections in a handshake are not limited',
  ]);
  for (const [judging, label] of [
    [perAddress(3), 'perAddress(3)'],
    [denyList([]), 'deny'],
  ] as const) {
    expect(stackWarnings(stack(judging, reports)(app))).toEqual([
      `Cannot be meant: "${label}" stands nearer the wire than "reports", so it judges the proxy in place of the client`,
    ]);
  }
});

test('other orders are left alone', () => {
  const good = stack(maxConnections(5), allowList([]), reports, perAddress(3), denyList([]), hides);
  expect(stackWarnings(good(app))).toEqual([]);
  expect(stackWarnings(app)).toEqual([]);
});

test('a wrong order is found across stacks, and reported once each with the first connection', () => {
  const factory = stack(maxConnections(9), hides)(stack(maxConnections(5), reports)(app));
  expect(stackWarnings(factory)).toHaveLength(2);
  const reactor = createTestReactor();
  connectPipe(reactor, factory, app);
  connectPipe(reactor, factory, app);
  expect(reactor.reports.problems.map(({ error }) => error)).toMatchObject([
    { code: 'HAWSER_LAYER_ORDER', message: stackWarnings(factory)[0] },
    { code: 'HAWSER_LAYER_ORDER', message: stackWarnings(factory)[1] },
  ]);
});
