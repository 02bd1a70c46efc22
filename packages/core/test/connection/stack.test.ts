import { expect, test } from 'vitest';
import { layer, stack } from '../../src/connection/stack.ts';
import { connectPipe } from '../../testing/pipe.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

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
