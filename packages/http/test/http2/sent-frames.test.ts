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
