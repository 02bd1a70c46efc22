import { BaseProtocol, type Factory, LineDecoder } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { chatScenario } from './chat-scenario.ts';
import { type CounterServer, type Ledger, requestScenario } from './request-scenario.ts';
import { runSeed, runSeeds, type SeededScenario } from './seeds.ts';

/** Planted: takes each chunk for a line, which is right until a segment is cut. */
class Hasty extends BaseProtocol {
  readonly #total: (line: string) => string;

  constructor(total: (line: string) => string) {
    super();
    this.#total = total;
  }

  dataReceived(data: Buffer): void {
    for (const line of data.toString().split('\n')) {
      if (line) this.transport.write(Buffer.from(`${this.#total(line)}\n`));
    }
  }
}
const hastyServer: CounterServer = (ledger): Factory => ({
  name: 'hasty',
  buildProtocol: () =>
    new Hasty((line) => {
      const [, id = '', number] = /^(\S+) add (\d+)$/.exec(line) ?? [];
      const answer = ledger.answered.get(id) ?? (ledger.total += Number(number ?? 0));
      ledger.answered.set(id, answer);
      return `${id} ${answer}`;
    }),
});

/** Planted: forgets what it has answered when the connection is lost, so what is asked again counts again. */
class Forgetful extends BaseProtocol {
  readonly #ledger: Ledger;
  readonly #lines = new LineDecoder({ maxBytes: 64 });
  readonly #answered = new Map<string, number>();

  constructor(ledger: Ledger) {
    super();
    this.#ledger = ledger;
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      const [id = '', , number] = line.toString().split(' ');
      const answer = this.#answered.get(id) ?? (this.#ledger.total += Number(number));
      this.#answered.set(id, answer);
      this.transport.write(Buffer.from(`${id} ${answer}\n`));
    }
  }
}
const forgetfulServer: CounterServer = (ledger) => ({
  name: 'forgetful',
  buildProtocol: () => new Forgetful(ledger),
});

describe('bad networks by seed', () => {
  test('the chat and the counter keep their invariants, and every run replays', async () => {
    const scenarios = { chat: chatScenario, requests: requestScenario };
    const report = await runSeeds({ scenarios, from: 1, count: 25 });
    expect(report.bad).toEqual([]);
    expect(report).toMatchObject({ runs: 50, distinct: 50 });
  });

  test.each([
    ['takes a chunk for a line', hastyServer],
    ['forgets with the connection what it has counted', forgetfulServer],
  ])('a server that %s is found, and its seed shows it again', async (_, server) => {
    const planted: SeededScenario = (sim) => requestScenario(sim, server);
    const { bad } = await runSeeds({ scenarios: { planted }, from: 1, count: 100, maxBad: 1 });
    expect(bad).toHaveLength(1);
    const [found] = bad;
    const again = await runSeed(found?.seed ?? 0, planted);
    expect(again.broken).toBe(found?.why);
    expect(again.trace).toEqual(found?.trace);
  });
});
