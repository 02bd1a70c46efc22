import {
  currentContext,
  followContexts,
  type InfoKey,
  type Protocol,
  type Transport,
} from '@hawser/core';
import { connectPipe, createTestReactor, FakeTransport } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { enter, type Guard } from '../../src/connection/entry.ts';
import { EntryContext } from '../../src/connection/entry-context.ts';

const USER: InfoKey<string> = { name: 'user' };

class Collecting implements Guard {
  readonly context: EntryContext | undefined;
  readonly failures: string[] = [];

  constructor(context?: EntryContext) {
    this.context = context;
  }

  failed(callback: string, thrown: unknown): void {
    this.failures.push(`${callback}: ${String(thrown)}`);
  }
}

describe('enter', () => {
  test('gives what the callback returned and makes its context the current one meanwhile', () => {
    const guard = new Collecting(new EntryContext('one'));
    const seen = enter(guard, 'callback', (_, text: string) => [text, currentContext()], 'x');
    expect(seen).toEqual(['x', guard.context]);
    expect(currentContext()).toBeUndefined();
  });

  test('a throw goes to the guard and to nobody else', () => {
    const guard = new Collecting();
    const given = enter(guard, 'dataReceived', () => JSON.parse('{'), undefined);
    expect(given).toBeUndefined();
    expect(guard.failures).toEqual([expect.stringMatching(/^dataReceived: SyntaxError/)]);
  });

  test('what throws in a nested entry leaves the context of the outer one as it was', () => {
    const outer = new Collecting(new EntryContext('outer'));
    const inner = new Collecting(new EntryContext('inner'));
    const after = enter(
      outer,
      'outer',
      () => {
        enter(
          inner,
          'inner',
          () => {
            throw new Error('no');
          },
          undefined,
        );
        return currentContext();
      },
      undefined,
    );
    expect(after).toBe(outer.context);
    expect(inner.failures).toEqual(['inner: Error: no']);
    expect(outer.failures).toEqual([]);
  });

  test('without a context the code runs in none, whoever asked for it', () => {
    const outer = new Collecting(new EntryContext('outer'));
    const inner = new Collecting();
    const look = (): unknown => enter(inner, 'inner', () => currentContext(), undefined);
    expect(enter(outer, 'outer', look, undefined)).toBeUndefined();
  });
});

describe('the context of a connection', () => {
  test('is current in every callback, also the last', async () => {
    const transport = new FakeTransport({ id: 7 });
    const seen: unknown[] = [];
    const note = (): void => void seen.push(currentContext());
    transport.adopt({
      name: 'noting',
      buildProtocol() {
        note();
        return {
          connectionMade: note,
          dataReceived: note,
          readEnded: note,
          writeDrained: note,
          drainRequested: note,
          connectionLost: note,
        };
      },
    });
    transport.onClose(note);
    transport.receive('x');
    transport.stall();
    transport.write(Buffer.alloc(20_000));
    transport.drained();
    transport.receiveEnd();
    transport.requestDrain(0);
    transport.lose();
    await transport.settle();
    expect(seen).toHaveLength(8);
    expect(new Set(seen)).toEqual(new Set([transport.context]));
    expect(transport.context).toMatchObject({ label: 'noting', connection: 7 });
  });

  test('follows timers and later turns, and awaits for whoever asked', async () => {
    using _following = followContexts();
    const reactor = createTestReactor();
    const seen: unknown[] = [];
    const transport = new FakeTransport({ reactor });
    const work = async (): Promise<void> => {
      await Promise.resolve();
      seen.push(currentContext());
    };
    transport.start({
      dataReceived() {
        void work();
        reactor.clock.callSoon(() => seen.push(currentContext()));
        reactor.clock.callLater(5_000, () => seen.push(currentContext()));
      },
    });
    transport.receive('x');
    await reactor.clock.elapse(5_000);
    expect(seen).toEqual([transport.context, transport.context, transport.context]);
    expect(currentContext()).toBeUndefined();
  });

  test('is not known after an await unless somebody asked, and again not afterwards', async () => {
    const seen: unknown[] = [];
    const transport = new FakeTransport();
    const work = async (): Promise<void> => {
      await Promise.resolve();
      seen.push(currentContext());
    };
    transport.start({ dataReceived: () => void work() });
    const following = followContexts();
    following[Symbol.dispose]();
    following[Symbol.dispose]();
    transport.receive('x');
    await transport.settle();
    expect(seen).toEqual([undefined]);
    using _again = followContexts();
    transport.receive('x');
    await transport.settle();
    expect(seen).toEqual([undefined, transport.context]);
  });

  test('two connections that talk keep theirs apart', async () => {
    const reactor = createTestReactor();
    const labels: unknown[] = [];
    const talk = (first: boolean): Protocol => ({
      connectionMade(transport: Transport) {
        if (first) transport.write(Buffer.from('x'));
      },
      dataReceived: () => void labels.push(currentContext()?.connection),
    });
    const echo: Protocol & { transport?: Transport } = {
      connectionMade: (transport) => void (echo.transport = transport),
      dataReceived(data) {
        labels.push(currentContext()?.connection);
        echo.transport?.write(data);
      },
    };
    const { server, client } = connectPipe(
      reactor,
      () => echo,
      () => talk(true),
    );
    await reactor.clock.settle();
    expect(labels).toEqual([server.id, client.id]);
    expect(server.id).not.toBe(client.id);
  });

  test('keeps what the application puts there', () => {
    const transport = new FakeTransport();
    transport.context.set(USER, 'ada');
    transport.context.set(USER, 'grace');
    expect(transport.context.get(USER)).toBe('grace');
    expect(transport.context.get({ name: 'user' })).toBeUndefined();
  });
});
