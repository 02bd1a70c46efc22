import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { Output } from '../../src/server/output.ts';

function outputTo(options = {}): { output: Output; transport: FakeTransport } {
  const transport = new FakeTransport(options);
  const output = new Output(transport);
  transport.start({
    dataReceived: () => undefined,
    writeDrained: () => output.drained(),
  });
  return { output, transport };
}

test('texts and small bytes leave as one write, when they are asked to', () => {
  const { output, transport } = outputTo();
  output.text('head\r\n');
  output.bytes(Buffer.from([0, 255, 128]));
  output.ascii('text');
  expect(transport.writes).toHaveLength(0);
  expect(output.gathered).toBe(true);
  output.flush();
  expect(transport.writes).toHaveLength(1);
  expect(transport.takeText('latin1')).toBe('head\r\n\u0000\u00ff\u0080text');
  output.flush();
  expect(transport.writes).toHaveLength(0);
});

test('small bytes are copied: a view into a larger buffer keeps nothing alive', () => {
  const { output, transport } = outputTo();
  const large = new Uint8Array(1_000).fill(1);
  output.bytes(large.subarray(10, 12));
  output.flush();
  expect([...transport.take()]).toEqual([1, 1]);
});

test('what was gathered leaves before larger bytes, with them', () => {
  const { output, transport } = outputTo();
  output.text('head');
  output.bytes(Buffer.alloc(5_000, 'x'));
  expect(transport.writes).toHaveLength(1);
  expect(transport.takeText()).toBe(`head${'x'.repeat(5_000)}`);
});

test.each([10, 5_000, 300_000])('text around %i bytes leaves with them', async (length) => {
  const { output, transport } = outputTo({ highWaterMark: 1_000_000 });
  output.text('before');
  output.bytes(Buffer.alloc(length, 'x'), 'after');
  output.flush();
  await transport.settle();
  expect(transport.takeText()).toBe(`before${'x'.repeat(length)}after`);
});

test('much text does not wait to be asked', () => {
  const { output, transport } = outputTo();
  for (let at = 0; at < 1_000; at++) output.text('x'.repeat(100));
  expect(transport.take().length).toBeGreaterThan(80_000);
});

test('a large chunk leaves in pieces, and what follows it after it', async () => {
  const { output, transport } = outputTo();
  transport.stall();
  output.bytes(Buffer.alloc(1_000_000, 'x'));
  output.text('after');
  output.flush();
  output.bytes(Buffer.alloc(300_000, 'y'));
  expect(output.full).toBe(true);
  expect(transport.pendingBytes).toBeLessThan(300_000);
  let text = '';
  for (let turn = 0; turn < 20; turn++) {
    transport.drained();
    text += transport.takeText();
    await transport.settle();
    transport.stall();
  }
  expect(text === `${'x'.repeat(1_000_000)}after${'y'.repeat(300_000)}`).toBe(true);
});

test('small pieces behind a large chunk are gathered, however often they are flushed', async () => {
  const { output, transport } = outputTo();
  const write = vi.spyOn(transport, 'write');
  transport.stall();
  output.bytes(Buffer.alloc(262_145, 'x'));
  for (let at = 0; at < 1_000; at++) {
    output.text('piece');
    output.flush();
  }
  transport.drained();
  await transport.settle();
  // The chunk is two pieces.
  expect(write).toHaveBeenCalledTimes(3);
  expect(transport.takeText()).toBe(`${'x'.repeat(262_145)}${'piece'.repeat(1_000)}`);
  expect(output.full).toBe(false);
});

test('whoever writes without end behind a large chunk loses the connection', async () => {
  const { output, transport } = outputTo();
  transport.stall();
  output.bytes(Buffer.alloc(1_000_000));
  for (let at = 0; at < 17 && !transport.ending; at++) output.bytes(Buffer.alloc(1_000_000));
  await transport.settle();
  expect(transport.closedWith).toMatchObject({
    kind: 'aborted',
    error: { code: 'HAWSER_WRITE_QUEUE_FULL' },
  });
});

test('what comes after the end is dropped without a report', () => {
  const { output, transport } = outputTo();
  transport.close();
  output.text('late');
  output.flush();
  output.bytes(Buffer.alloc(5_000));
  output.bytes(Buffer.alloc(500_000));
  expect(transport.take()).toHaveLength(0);
  expect(transport.reactor.reports).toMatchObject({ problems: [] });
});

test('all that leaves together has one date, and what leaves later has its own', () => {
  const reactor = createTestReactor();
  const { output } = outputTo({ reactor });
  const { clock } = reactor;
  const dateAfter = (seconds: number): number => {
    clock.advance(seconds * 1_000);
    return Date.parse(output.date) / 1_000;
  };
  const start = Date.parse(output.date) / 1_000;
  output.text('100');
  clock.advance(5_000);
  output.flush();
  output.text('100');
  expect(dateAfter(5)).toBe(start + 10);
  expect(dateAfter(5)).toBe(start + 10);
  output.flush();
  expect(dateAfter(0)).toBe(start + 15);
});
