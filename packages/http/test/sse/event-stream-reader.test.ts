import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import {
  EventStreamReader,
  type ReceivedEvent,
  readEvents,
} from '../../src/sse/event-stream-reader.ts';
import { formatEvent } from '../../src/sse/format-event.ts';

const message = (data: string, lastEventId = '', event = 'message'): ReceivedEvent => ({
  event,
  data,
  lastEventId,
});

function read(pieces: readonly Uint8Array[]): ReceivedEvent[] {
  const reader = new EventStreamReader();
  return pieces.flatMap((piece) => reader.feed(piece));
}

describe('EventStreamReader', () => {
  // The examples of the HTML standard §9.2.6 are among these.
  test.each<[string, string, readonly ReceivedEvent[]]>([
    ['data of several lines', 'data: YHOO\ndata: +2\ndata: 10\n\n', [message('YHOO\n+2\n10')]],
    [
      'comments, ids and a reset id',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [message('first event', '1'), message('second event'), message(' third event')],
    ],
    ['empty data', 'data\n\ndata\ndata\n\ndata:', [message(''), message('\n')]],
    ['one space only', 'data:test\n\ndata: test\n\n', [message('test'), message('test')]],
    ['names', 'event: add\ndata: 73\n\ndata: x\n\n', [message('73', '', 'add'), message('x')]],
    ['no data, no event', 'event: add\nid: 7\n\ndata: x\n\n', [message('x', '7')]],
    ['an id with NUL is skipped', 'id: 1\n\nid: 2\0\ndata: x\n\n', [message('x', '1')]],
    [
      'all line ends',
      'data: a\rdata: b\r\ndata: c\n\r\n\rdata: d\r\r',
      [message('a\nb\nc'), message('d')],
    ],
    ['a byte order mark', '\ufeffdata: a\n\n\ufeffdata: b\n\n', [message('a')]],
    ['unknown fields', 'datum: a\nDATA: b\ndata : c\ndata: ok\n\n', [message('ok')]],
    ['an end without a blank line', 'data: a\n\ndata: b\n', [message('a')]],
    ['characters of several bytes', 'data: ä€😀\n\n', [message('ä€😀')]],
  ])('reads %s, cut anywhere', (_what, text, expected) => {
    for (const pieces of chunkings(Buffer.from(text), 'every'))
      expect(read(pieces)).toEqual(expected);
  });

  test('reads the time to wait, of digits only', () => {
    const reader = new EventStreamReader();
    reader.feed(Buffer.from('retry: 2500\n'));
    reader.feed(Buffer.from('retry: 1e3\nretry: -1\nretry:\n'));
    expect(reader.retryMs).toBe(2_500);
  });

  test('reads what was written', () => {
    const written = [
      { data: 'a\nb\r\nc\rd', event: 'x y', id: 'ü1' },
      { data: { deep: ['\n'] } },
      { comment: 'data: not\ndata: this', data: '' },
      { data: ' two  spaces ', retryMs: 5 },
      'id: no id\n\ndata: no data',
    ];
    expect(read([Buffer.from(written.map(formatEvent).join(''))])).toEqual([
      message('a\nb\nc\nd', 'ü1', 'x y'),
      message('{"deep":["\\n"]}', 'ü1'),
      message('', 'ü1'),
      message(' two  spaces ', 'ü1'),
      message('id: no id\n\ndata: no data', 'ü1'),
    ]);
  });

  test.each([
    ['a line', `data: ${'x'.repeat(20)}`, 'HAWSER_LINE_TOO_LONG'],
    ['an event', 'data: 12345\ndata: 12345\n', 'HAWSER_FRAME_TOO_LONG'],
  ])('refuses %s over the limit', (_what, text, code) => {
    const reader = new EventStreamReader({ maxEventLength: 10 });
    expect(reader.feed(Buffer.from('data: 1234567890\n\n'))).toHaveLength(1);
    expect(() => reader.feed(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
  });

  test('reads the events of a body', async () => {
    const { body } = new Response('data: 1\n\ndata: 2\n\n');
    const events: string[] = [];
    for await (const { data } of readEvents(body as unknown as AsyncIterable<Uint8Array>))
      events.push(data);
    expect(events).toEqual(['1', '2']);
  });
});

describe('formatEvent', () => {
  test.each([
    [{ event: 'a\nb' }],
    [{ id: 'a\rb' }],
    [{ id: 'a\0b' }],
    [{ retryMs: 1.5 }],
    [{ retryMs: -1 }],
    [{ data: () => undefined }],
  ])('refuses %j', (event) => {
    expect(() => formatEvent(event)).toThrow(TypeError);
  });
});
