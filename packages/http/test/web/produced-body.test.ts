import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/web/http-response.ts';
import type { BodyProducer } from '../../src/web/produced-body.ts';
import { webResponder } from '../../src/web/web-responder.ts';
import { FakeExchange, type FakeExchangeOptions } from './fake-exchange.ts';

async function answer(produce: BodyProducer, options?: FakeExchangeOptions): Promise<FakeExchange> {
  const exchange = new FakeExchange(options);
  webResponder(() => HttpResponse.stream(produce))(exchange);
  await exchange.settle();
  return exchange;
}

describe('a body that is written', () => {
  test('is sent piece by piece', async () => {
    const exchange = await answer(async ({ write }) => {
      await write('a');
      await write(Buffer.from('b'));
    });
    expect(exchange.answer).toMatchObject({ body: 'ab', whole: false, ended: true });
  });

  test('waits for the peer', async () => {
    let written = 0;
    const exchange = new FakeExchange();
    exchange.takes = false;
    webResponder(() =>
      HttpResponse.stream(async ({ write, signal }) => {
        while (!signal.aborted) {
          await write('x');
          written += 1;
        }
      }),
    )(exchange);
    await exchange.settle();
    expect(written).toBe(0);
    exchange.drain();
    await exchange.settle();
    expect(written).toBe(1);
    exchange.leave();
    await exchange.settle();
    expect(written).toBe(1);
    expect(exchange.problems).toEqual([]);
  });

  test('stops its producer when the peer leaves', async () => {
    let signal: AbortSignal | undefined;
    let late: Promise<void> | undefined;
    const exchange = await answer(async (body) => {
      signal = body.signal;
      await new Promise<void>((done) => body.signal.addEventListener('abort', () => done()));
      late = body.write('late');
      await late;
    });
    exchange.leave();
    expect(signal?.aborted).toBe(true);
    await exchange.settle();
    await expect(late).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    expect(exchange.problems).toEqual([]);
  });

  test('is cut off when the producer fails, or does not wait', async () => {
    const failing = await answer(async ({ write }) => {
      await write('half');
      throw new Error('broken');
    });
    expect(failing.answer).toMatchObject({ body: 'half', ended: false });
    const hasty = await answer(async ({ write }) => {
      void write('a');
      void write('b');
      await Promise.resolve();
    });
    for (const exchange of [failing, hasty]) {
      expect(exchange.answer?.aborted).toBeInstanceOf(Error);
      expect(exchange.problems).toHaveLength(1);
    }
    expect(hasty.problems[0]?.error).toMatchObject({ code: 'HAWSER_BUSY' });
  });

  test('is not started for HEAD', async () => {
    let started = false;
    const exchange = await answer(
      async () => {
        started = true;
        await Promise.resolve();
      },
      { method: 'HEAD' },
    );
    expect([started, exchange.answer?.ended]).toEqual([false, true]);
  });

  test('sends what was written last, though nobody waited for it', async () => {
    const exchange = await answer(async ({ write }) => {
      await write('a');
      void write('b');
    });
    expect(exchange.answer).toMatchObject({ body: 'ab', ended: true, aborted: undefined });
  });
});

test('jsonLines are one value a line', async () => {
  const values = (async function* () {
    yield { a: '\n' };
    yield await Promise.resolve(2);
  })();
  const response = HttpResponse.jsonLines(values);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await response.text()).toBe('{"a":"\\n"}\n2\n');
});
