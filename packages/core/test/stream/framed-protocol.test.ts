import { expect, test } from 'vitest';
import { LineDecoder } from '../../src/bytes/line-decoder.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { ProtocolError } from '../../src/errors.ts';
import { FramedProtocol } from '../../src/stream/framed-protocol.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { feed } from '../../testing/feed.ts';

class Lines extends FramedProtocol {
  readonly seen: string[] = [];
  readonly #onLine: (line: string, self: Lines) => void;

  constructor(onLine: (line: string, self: Lines) => void = () => undefined) {
    super(new LineDecoder({ maxBytes: 20 }));
    this.#onLine = onLine;
  }

  frameReceived(frame: Buffer): void {
    this.seen.push(frame.toString());
    this.#onLine(frame.toString(), this);
  }

  override readEnded(): void {
    this.seen.push('END');
    this.transport.end();
  }
}

function start(onLine?: (line: string, self: Lines) => void): {
  lines: Lines;
  transport: FakeTransport;
} {
  const lines = new Lines(onLine);
  const transport = new FakeTransport();
  transport.start(lines);
  return { lines, transport };
}

test('frames come whole, however the bytes are cut', async () => {
  const echo = (): Lines =>
    new Lines((line, { transport }) => void transport.write(Buffer.from(`<${line}>`)));
  const { written } = await feed(echo, 'one\r\ntwo\n\nrest');
  expect(written.toString()).toBe('<one><two><>');
});

test('a frame that is too long aborts the connection, without a report', async () => {
  const { lines, transport } = start();
  transport.receive(`ok\n${'x'.repeat(22)}`);
  await transport.settle();
  expect(lines.seen).toEqual(['ok']);
  expect(transport.closedWith).toMatchObject({
    kind: 'protocol',
    error: expect.any(ProtocolError),
  });
});

test('pausing in a frame holds the ones behind it, and the end, until reading is resumed', async () => {
  const { lines, transport } = start((line, self) => {
    if (line === 'pause') self.transport.pauseReading();
  });
  transport.receive('a\npause\nb\npause\nc\nd');
  transport.receiveEnd();
  await transport.settle();
  expect(lines.seen).toEqual(['a', 'pause']);
  transport.resumeReading();
  await transport.settle();
  expect(lines.seen).toEqual(['a', 'pause', 'b', 'pause']);
  transport.resumeReading();
  await transport.settle();
  expect(lines.seen).toEqual(['a', 'pause', 'b', 'pause', 'c', 'END']);
  expect(lines.buffered).toBe(1);
});

test('a throw and the loss of the connection reach it after a pause as well', async () => {
  const lost: string[] = [];
  class Strict extends Lines {
    override connectionLost(reason: { readonly kind: string }): void {
      lost.push(reason.kind);
    }
  }
  const transport = new FakeTransport();
  transport.start(
    new Strict((line, self) => {
      if (line === 'pause') self.transport.pauseReading();
      if (line === 'bad') throw new ProtocolError('HAWSER_BAD_FRAME', 'bad');
    }),
  );
  transport.receive('pause\nbad\nnever\n');
  transport.resumeReading();
  await transport.settle();
  expect(lost).toEqual(['protocol']);
});

test('no frame comes after close or abort', async () => {
  for (const end of ['close', 'abort'] as const) {
    const { lines, transport } = start((_, self) => self.transport[end]());
    transport.receive('a\nb\n');
    await transport.settle();
    expect(lines.seen).toEqual(['a']);
  }
});

test('frames go on after this side has ended', () => {
  const { lines, transport } = start((_, self) => self.transport.end());
  transport.receive('a\nb\n');
  expect(lines.seen).toEqual(['a', 'b']);
});

test('handing over in a frame gives the bytes behind it to the next protocol', async () => {
  for (const cut of ['GO\nraw\n', 'GO\n|raw\n', 'G|O\nr|aw\n']) {
    const raw: Buffer[] = [];
    const next: Protocol = { dataReceived: (data) => void raw.push(data) };
    const { lines, transport } = start((line, self) => {
      if (line === 'GO') self.handTo(next);
    });
    for (const chunk of cut.split('|')) transport.receive(chunk);
    await transport.settle();
    expect(lines.seen).toEqual(['GO']);
    expect(Buffer.concat(raw).toString()).toBe('raw\n');
  }
});

test('a protocol that pauses at once when it is handed the connection keeps it', async () => {
  const raw: string[] = [];
  const next: Protocol = {
    connectionMade: (transport) => transport.pauseReading(),
    dataReceived: (data) => void raw.push(data.toString()),
  };
  const { lines, transport } = start((_, self) => self.handTo(next));
  transport.receive('GO\nraw');
  await transport.settle();
  expect(raw).toEqual([]);
  transport.resumeReading();
  await transport.settle();
  expect([lines.seen, raw]).toEqual([['GO'], ['raw']]);
});

test('raw bytes in between: the connection can be handed back', async () => {
  const raw: string[] = [];
  const { lines, transport } = start((line, self) => {
    if (line === 'DATA 3') self.handTo(new ThreeBytes(self, raw));
  });
  transport.receive('DATA 3\nabcnext\nDATA 3\nx\n');
  transport.receive('yz\n');
  await transport.settle();
  expect(raw).toEqual(['abc', 'x\ny']);
  expect(lines.seen).toEqual(['DATA 3', 'next', 'DATA 3', 'z']);
});

class ThreeBytes implements Protocol {
  readonly #back: Protocol;
  readonly #raw: string[];
  #transport: Transport | undefined;
  #bytes = Buffer.alloc(0);

  constructor(back: Protocol, raw: string[]) {
    this.#back = back;
    this.#raw = raw;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (this.#bytes.length < 3) return;
    this.#raw.push(this.#bytes.subarray(0, 3).toString());
    this.#transport?.handTo(this.#back, this.#bytes.subarray(3));
  }
}

test('data that a frame causes at once comes after the frames that are here', () => {
  let again = true;
  const { lines, transport } = start((_, self) => {
    if (again) self.dataReceived(Buffer.from('nested\n'));
    again = false;
  });
  transport.receive('a\nb\n');
  expect(lines.seen).toEqual(['a', 'b', 'nested']);
});
