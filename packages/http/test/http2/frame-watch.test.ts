import { chunkings } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import { FrameWatch } from '../../src/http2/frame-watch.ts';
import { frame, headers, request, uint32 } from './raw-client.ts';

test('a GOAWAY and a reset are seen among other frames, however they are cut, and not in what they hold', () => {
  const goaway = frame('goaway', 0, [...uint32(1), ...uint32(2)]);
  const bytes = Buffer.concat([
    frame('settings', 0),
    headers(1, request()),
    goaway,
    frame('rst', 1, uint32(11)),
    frame('data', 1, goaway),
    goaway,
  ]);
  for (const cut of chunkings(bytes)) {
    let seen = 0;
    const codes: number[] = [];
    const frames = new FrameWatch({
      goawaySeen: () => void (seen += 1),
      resetSeen: (code) => void codes.push(code),
    });
    for (const chunk of cut) frames.inspect(chunk);
    expect(seen).toBe(2);
    expect(codes).toEqual([11]);
  }
});

test('what goes on a stream is counted from when somebody asks about it', () => {
  const frames = new FrameWatch({ goawaySeen() {}, resetSeen() {} });
  frames.inspect(frame('data', 1, [1, 2, 3]));
  expect(frames.dataBytesOn(1)).toBe(0);
  frames.inspect(
    Buffer.concat([frame('data', 1, [1, 2, 3]), frame('data', 3, [1]), frame('data', 1, [4])]),
  );
  expect([frames.dataBytesOn(1), frames.dataBytesOn(3)]).toEqual([4, 0]);
  frames.forget(1);
  expect(frames.dataBytesOn(1)).toBe(0);
});
