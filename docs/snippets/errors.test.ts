import {
  BaseProtocol,
  CancelledError,
  type Clock,
  type CloseReason,
  ConnectionError,
  createNodeReactor,
  delay,
  describeReason,
  ListenError,
  ProtocolError,
  type Reactor,
  type Reports,
  UsageError,
} from '@hawser/core';
import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';

// The programs of docs/errors.md.

/** Tries up to five times, a second apart, as long as that may help. */
async function patiently<T>(attempt: () => PromiseLike<T>, clock: Clock): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const hopeless = !(error instanceof ConnectionError) || error instanceof CancelledError;
      if (hopeless || tries === 5) throw error;
      await delay(1_000, clock);
    }
  }
}

function advice(error: unknown): string {
  if (error instanceof ListenError && error.code === 'HAWSER_ADDRESS_IN_USE') {
    return 'Is the server running already?';
  }
  return String(error);
}

class Chess extends BaseProtocol {
  ended = '';

  dataReceived(data: Buffer): void {
    if (!/^[a-h][1-8]/.test(data.toString())) {
      throw new ProtocolError('CHESS_BAD_MOVE', `Cannot read the move: ${data}`);
    }
    this.#play(data.toString());
  }

  override connectionLost(reason: CloseReason): void {
    this.ended = describeReason(reason);
  }

  #play(move: string): void {
    if (move.startsWith('h8')) throw new TypeError('a mistake in this program');
  }
}

describe('trying again', () => {
  test('helps against the network', async () => {
    const { clock } = createTestReactor();
    let tries = 0;
    const result = patiently(async () => {
      tries += 1;
      if (tries < 3) throw new ConnectionError('HAWSER_CLOSED', 'Cannot reach the server');
      return 'answer';
    }, clock);
    await clock.elapse(2_000);
    expect(await result).toBe('answer');
    expect(tries).toBe(3);
  });

  test('does not help against mistakes, nor when nobody wants the result', async () => {
    const { clock } = createTestReactor();
    for (const error of [new UsageError('HAWSER_BAD_ENDPOINT', 'no'), new CancelledError()]) {
      await expect(patiently(() => Promise.reject(error), clock)).rejects.toBe(error);
    }
  });
});

test('a code says what happened', () => {
  expect(advice(new ListenError('HAWSER_ADDRESS_IN_USE', 'no'))).toMatch(/already/);
  expect(advice(new ListenError('HAWSER_PERMISSION', 'no'))).toBe('ListenError: no');
});

describe('what ends a connection', () => {
  function play(move: string) {
    const reactor = createTestReactor();
    const transport = new FakeTransport({ reactor });
    const chess = new Chess();
    transport.adopt({ name: 'chess', buildProtocol: () => chess });
    transport.receive(move);
    return { reactor, transport, chess };
  }

  test('a fault of the peer is its own', async () => {
    const { reactor, transport, chess } = play('castle');
    await transport.settle();
    expect(chess.ended).toBe('protocol error: Cannot read the move: castle');
    expect(reactor.reports.problems).toEqual([]);
  });

  test('a mistake of the program is reported', async () => {
    const { reactor, transport, chess } = play('h8');
    await transport.settle();
    expect(chess.ended).toBe('protocol error: a mistake in this program');
    expect(reactor.reports.problems).toEqual([
      { where: 'chess.dataReceived', error: expect.any(TypeError) },
    ]);
  });

  test('a peer that leaves is neither', async () => {
    const { reactor, transport, chess } = play('e4');
    transport.lose();
    await transport.settle();
    expect(chess.ended).toBe('closed cleanly');
    expect(reactor.reports.problems).toEqual([]);
  });
});

test('reports go where you say', () => {
  const log: string[] = [];
  const reports: Reports = {
    problem: (where, error) => void log.push(`${where}: ${String(error)}`),
  };
  const reactor: Reactor = createNodeReactor({ reports });
  reactor.reports.problem('chess', new TypeError('a mistake'));
  expect(log).toEqual(['chess: TypeError: a mistake']);
});
