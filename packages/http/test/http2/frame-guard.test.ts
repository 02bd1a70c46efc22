import { chunkings } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import { FrameGuard, type FrameLimits } from '../../src/http2/frame-guard.ts';
import { Flag, frame, headers, PREFACE, request, uint32 } from './raw-client.ts';

const limits: FrameLimits = {
  windowMs: 1_000,
  maxResets: 2,
  maxControlFrames: 2,
  maxEmptyFrames: 2,
  maxHeadBytes: 200,
  maxStreams: 2,
};

/** The verdict on bytes, and whether it is the same however they are cut. */
function verdict(...frames: readonly Buffer[]): string | undefined {
  const bytes = Buffer.concat([PREFACE, ...frames]);
  const verdicts = new Set<string | undefined>();
  for (const cut of chunkings(bytes)) {
    const guard = new FrameGuard(limits);
    let found: string | undefined;
    for (const chunk of cut) found ??= guard.inspect(chunk, 0, 0);
    verdicts.add(found);
  }
  expect(verdicts.size).toBe(1);
  return [...verdicts][0];
}

const three = (one: Buffer): Buffer[] => [one, one, one];

describe('the guard of frames', () => {
  test.each<[string, string | undefined, readonly Buffer[]]>([
    ['two resets', undefined, [frame('rst', 1, uint32(8)), frame('rst', 3, uint32(8))]],
    ['three resets', 'resets', three(frame('rst', 1, uint32(8)))],
    [
      'settings and pings',
      'control',
      [frame('settings', 0), ...three(frame('ping', 0, Buffer.alloc(8)))],
    ],
    ['DATA with content', undefined, three(frame('data', 1, [1]))],
    ['DATA without content', 'empty', three(frame('data', 1))],
    ['DATA without content that ends', undefined, three(frame('data', 1, [], { flags: 1 }))],
    ['DATA with padding alone', 'empty', three(frame('data', 1, [1, 0], { flags: Flag.Padded }))],
    ['DATA with padding', undefined, three(frame('data', 1, [1, 65, 0], { flags: Flag.Padded }))],
    ['unknown frames', 'empty', three(frame('unknown', 1, [1, 2, 3]))],
    ['a head', undefined, [headers(1, request())]],
    ['a long head', 'head', [headers(1, Buffer.alloc(201))]],
    [
      'a head long in pieces',
      'head',
      [frame('headers', 1, Buffer.alloc(150)), frame('continuation', 1, Buffer.alloc(51))],
    ],
  ])('%s: %s', (_, expected, frames) => {
    expect(verdict(...frames)).toBe(expected);
  });

  test('lets some windows be opened for nothing', () => {
    const guard = new FrameGuard(limits);
    const windows = Array.from({ length: 1_000 }, () => frame('window', 0, uint32(1)));
    expect(guard.inspect(Buffer.concat([PREFACE, ...windows]), 0, 0)).toBeUndefined();
    expect(guard.inspect(frame('window', 0, uint32(1)), 0, 0)).toBe('window');
  });

  test('lets windows be opened for what was sent', () => {
    const guard = new FrameGuard(limits);
    guard.inspect(PREFACE, 0, 0);
    const windows = Buffer.concat(
      Array.from({ length: 1_100 }, () => frame('window', 0, uint32(1))),
    );
    expect(guard.inspect(windows, 10, 25_600)).toBe(undefined);
    expect(guard.inspect(frame('window', 0, uint32(1)), 10, 25_600)).toBe('window');
  });

  test('counts anew in each window of time', () => {
    const guard = new FrameGuard(limits);
    guard.inspect(PREFACE, 0, 0);
    const two = Buffer.concat([frame('rst', 1, uint32(8)), frame('rst', 1, uint32(8))]);
    for (const now of [0, 1_000, 2_500]) expect(guard.inspect(two, now, 0)).toBe(undefined);
    expect(guard.inspect(two, 3_499, 0)).toBe('resets');
  });

  test('leaves what is no HTTP/2 to the library', () => {
    const guard = new FrameGuard(limits);
    expect(guard.inspect(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 0, 0)).toBe(undefined);
    expect(guard.atRest).toBe(true);
  });

  test('knows which streams came to their end, once their last frame is complete', () => {
    const guard = new FrameGuard(limits);
    const last = frame('data', 1, [1, 2, 3], { flags: Flag.EndStream });
    guard.inspect(Buffer.concat([PREFACE, last.subarray(0, -1)]), 0, 0);
    expect(guard.takeEnded(1)).toBe(false);
    guard.inspect(last.subarray(-1), 0, 0);
    expect(guard.takeEnded(3)).toBe(false);
    expect(guard.takeEnded(1)).toBe(true);
    expect(guard.takeEnded(1)).toBe(false);
  });

  test('forgets the oldest ends when a client opens streams that nobody takes', () => {
    const guard = new FrameGuard(limits);
    guard.inspect(PREFACE, 0, 0);
    for (let id = 1; id < 200; id += 2) guard.inspect(headers(id, request()), 0, 0);
    expect(guard.takeEnded(1)).toBe(false);
    expect(guard.takeEnded(199)).toBe(true);
  });
});
