import { describe, expect, test } from 'vitest';
import type { EventSender } from '../../src/sse/event-sender.ts';
import {
  type EventProducer,
  type EventStreamOptions,
  type Events,
  eventStream,
} from '../../src/sse/event-stream.ts';
import { webResponder } from '../../src/web/web-responder.ts';
import { FakeExchange, type FakeExchangeOptions } from '../web/fake-exchange.ts';

/** Answers an exchange with events. */
function answer(
  source: Events | EventProducer,
  options: EventStreamOptions & { readonly exchange?: FakeExchangeOptions } = {},
): FakeExchange {
  const exchange = new FakeExchange(options.exchange);
  webResponder((request) => eventStream(request, source, options))(exchange);
  return exchange;
}

/** A producer that gives its sender to the test and goes on until it is told to end. */
function manual(): { readonly produce: EventProducer; readonly sender: () => EventSender } {
  let sender: EventSender | undefined;
  return {
    produce: (given) => {
      sender = given;
      return undefined;
    },
    sender: () => {
      if (!sender) throw new Error('not started');
      return sender;
    },
  };
}

describe('eventStream', () => {
  test('sends what a generator yields, then ends', async () => {
    const exchange = answer(
      async function* () {
        yield 'one';
        yield { event: 'two', id: '2', data: { n: 2 } };
      },
      { retryMs: 100 },
    );
    await exchange.settle();
    expect(exchange.answer).toMatchObject({
      fields: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      body: 'retry: 100\n\ndata: one\n\nevent: two\nid: 2\ndata: {"n":2}\n\n',
      ended: true,
      aborted: undefined,
    });
    expect(exchange.problems).toEqual([]);
  });

  test('tells the producer what the client saw last', async () => {
    const fields = ['last-event-id', Buffer.from('ü7').toString('latin1')];
    const exchange = answer(({ lastEventId, send }) => send(String(lastEventId)), {
      exchange: { fields },
    });
    await exchange.settle();
    expect(exchange.answer?.body).toBe(
      'data: ü7\n\n'.replace('ü', Buffer.from('ü').toString('latin1')),
    );
  });

  test('sends a comment after each 15 seconds of silence', async () => {
    const { produce, sender } = manual();
    const exchange = answer(produce);
    const { clock } = exchange.reactor;
    await exchange.settle();
    await clock.elapse(14_999);
    expect(exchange.answer?.body).toBe('');
    await clock.elapse(1);
    expect(exchange.answer?.body).toBe(':\n\n');
    await clock.elapse(10_000);
    await sender().send('x');
    await clock.elapse(14_999);
    expect(exchange.answer?.body).toBe(':\n\ndata: x\n\n');
    await clock.elapse(1);
    expect(exchange.answer?.body).toBe(':\n\ndata: x\n\n:\n\n');
    sender().end();
    await exchange.settle();
    expect(exchange.answer?.ended).toBe(true);
  });

  test('lets the producer wait for the peer', async () => {
    let sent = 0;
    const exchange = answer(async ({ send, signal }) => {
      while (!signal.aborted) {
        await send('x');
        sent += 1;
      }
    });
    exchange.takes = false;
    await exchange.settle();
    expect(sent).toBe(0);
    exchange.drain();
    await exchange.settle();
    expect(sent).toBe(1);
    exchange.leave();
    await exchange.settle();
    expect(sent).toBe(1);
    expect(exchange.problems).toEqual([]);
  });

  test('ends when a producer that does not wait is too far ahead', async () => {
    const { produce, sender } = manual();
    const exchange = answer(produce, { maxBufferedBytes: 100 });
    exchange.takes = false;
    await exchange.settle();
    const sending = Array.from({ length: 20 }, () => sender().send('0123456789'));
    const settled = await Promise.race([Promise.allSettled(sending.slice(10)), exchange.settle()]);
    expect(settled).toBeDefined();
    expect(sender().signal.reason).toMatchObject({ code: 'HAWSER_WRITE_QUEUE_FULL' });
    exchange.takes = true;
    exchange.drain();
    await exchange.settle();
    expect(exchange.answer?.ended).toBe(true);
    expect(exchange.answer?.body).toMatch(/^(?:data: 0123456789\n\n)+$/);
    expect(exchange.problems).toEqual([]);
  });

  test('cancels the source when the peer leaves, and stops its clock', async () => {
    let left = false;
    const exchange = answer(async function* () {
      try {
        for (;;) yield 'x';
      } finally {
        left = true;
      }
    });
    exchange.takes = false;
    await exchange.settle();
    exchange.leave();
    await exchange.settle();
    expect(left).toBe(true);
    expect(exchange.listeners).toBe(0);
    expect(exchange.problems).toEqual([]);
  });

  test('aborts the signal when the peer leaves while nothing is sent', async () => {
    const { produce, sender } = manual();
    const exchange = answer(produce);
    await exchange.settle();
    exchange.leave();
    expect(sender().signal.aborted).toBe(true);
    await expect(sender().send('x')).rejects.toMatchObject({ code: 'HAWSER_CLOSED' });
    await exchange.settle();
    expect(exchange.problems).toEqual([]);
  });

  test('ends after what is queued when the server drains', async () => {
    const { produce, sender } = manual();
    const exchange = answer(produce);
    await exchange.settle();
    void sender().send('last');
    exchange.askToDrain();
    expect(sender().signal.aborted).toBe(true);
    void sender().send('too late');
    await exchange.settle();
    expect(exchange.answer).toMatchObject({ body: 'data: last\n\n', ended: true });
  });

  test('resets the connection when the source fails, and says so', async () => {
    const exchange = answer(async function* () {
      yield 'one';
      throw new Error('broken');
    });
    await exchange.settle();
    expect(exchange.answer).toMatchObject({ body: 'data: one\n\n', ended: false });
    expect(exchange.answer?.aborted?.message).toBe('broken');
    expect(exchange.problems).toHaveLength(1);
  });

  test('starts nothing for HEAD', async () => {
    let started = false;
    const exchange = answer(
      () => {
        started = true;
        return undefined;
      },
      { exchange: { method: 'HEAD' } },
    );
    await exchange.settle();
    expect(started).toBe(false);
    expect(exchange.answer?.ended).toBe(true);
  });

  test('is refused for a request from elsewhere', () => {
    expect(() => eventStream(new Request('http://a/'), () => undefined)).toThrow(
      expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
    );
  });
});
