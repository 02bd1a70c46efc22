import { FakeTransport } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { SessionSocket } from '../../src/http2/session-socket.ts';

/** The socket of a session on a peer that may take nothing, and what the session has got. */
function socketOn({ stalled }: { readonly stalled: boolean }): {
  /** Nothing is taken from the peer. */
  readonly isPaused: () => boolean;
  readonly socket: SessionSocket;
  readonly got: string[];
} {
  const transport = new FakeTransport({ highWaterMark: 10 });
  let paused = false;
  vi.spyOn(transport, 'pauseReading').mockImplementation(() => void (paused = true));
  vi.spyOn(transport, 'resumeReading').mockImplementation(() => void (paused = false));
  const ignored = { goawaySeen: () => undefined, resetSeen: () => undefined };
  const socket = new SessionSocket(transport, ignored, 1);
  const got: string[] = [];
  socket.on('data', (chunk: Buffer) => got.push(String(chunk)));
  if (stalled) {
    transport.stall();
    socket.write(Buffer.alloc(20), () => undefined);
  }
  socket.pause();
  return { isPaused: () => paused, socket, got };
}

const turn = (): Promise<void> => new Promise((done) => process.nextTick(done));

test('what comes while a session and its peer both wait to be read is taken from the peer', async () => {
  const { isPaused, socket, got } = socketOn({ stalled: true });
  socket.receive(Buffer.from('a'));
  socket.receive(Buffer.from('b'));
  expect(isPaused()).toBe(false);
  socket.resume();
  // It comes before the session has got what was held, and stays behind it.
  socket.receive(Buffer.from('c'));
  expect(got).toEqual([]);
  await turn();
  expect(got).toEqual(['a', 'b', 'c']);
});

test('no more is held than a window, and nothing if the peer takes what it gets', async () => {
  const { isPaused, socket, got } = socketOn({ stalled: true });
  socket.receive(Buffer.alloc(65_537));
  expect(isPaused()).toBe(false);
  socket.receive(Buffer.alloc(1));
  expect(isPaused()).toBe(true);
  socket.resume();
  await turn();
  expect(got).toHaveLength(2);
  expect(isPaused()).toBe(false);

  const other = socketOn({ stalled: false });
  other.socket.receive(Buffer.alloc(1));
  expect(other.isPaused()).toBe(true);
});

test('the end of the connection waits for what is held', async () => {
  const { socket, got } = socketOn({ stalled: true });
  const told: string[][] = [];
  socket.receive(Buffer.from('a'));
  socket.delivered(() => told.push([...got]));
  expect(told).toEqual([]);
  socket.resume();
  await turn();
  expect(told).toEqual([['a']]);
});
