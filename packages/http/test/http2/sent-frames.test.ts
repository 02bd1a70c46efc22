import { chunkings } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { SentFrames } from '../../src/http2/sent-frames.ts';
import { frame, headers, request, uint32 } from './raw-client.ts';

test('a GOAWAY is seen among other frames, however they are cut, and not in what they hold', () => {
  const goaway = frame('goaway', 0, [...uint32(1), ...uint32(2)]);
  const bytes = Buffer.concat([
    frame('settings', 0),
    headers(1, request()),
    goaway,
    frame('data', 1, goaway),
    goaway,
  ]);
  for (const cut of chunkings(bytes)) {
    let seen = 0;
    const frames = new SentFrames(() => {
      seen += 1;
    });
    for (const chunk of cut) frames.inspect(chunk);
    expect(seen).toBe(2);
  }
});

test('what leaves on a stream is counted from when somebody asks about it', () => {
  const frames = new SentFrames(() => undefined);
  frames.inspect(frame('data', 1, [1, 2, 3]));
  expect(frames.sentOn(1)).toBe(0);
  frames.inspect(
    Buffer.concat([frame('data', 1, [1, 2, 3]), frame('data', 3, [1]), frame('data', 1, [4])]),
  );
  expect([frames.sentOn(1), frames.sentOn(3)]).toEqual([4, 0]);
  frames.forget(1);
  expect(frames.sentOn(1)).toBe(0);
});
