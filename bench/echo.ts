// What a chunk costs a server that sends it back: raw `node:net` (twice, to show the noise); `entered` is the raw one
// with each callback passed through the guard `enter`, `followed` the same with contexts that follow promises;
// `protocol` is a Hawser protocol. At the end, what the guard costs by itself, without a socket.
// Run: npm run example bench/echo.ts
import { EntryContext, enter, followContexts, type Guard } from '@hawser/core';
import { compare } from './compare.ts';
import { measureCalls, showCalls } from './measure-calls.ts';
import { pingPong } from './ping-pong.ts';
import { show } from './show.ts';

for (const { bytes, modes, count, rounds, title } of [
  {
    bytes: 64,
    modes: ['raw', 'raw again', 'entered', 'followed', 'protocol'],
    count: 4_000,
    rounds: 17,
    title: 'echo of a message of 64 bytes',
  },
  {
    bytes: 65_536,
    modes: ['raw', 'raw again', 'protocol'],
    count: 1_000,
    rounds: 9,
    title: 'echo of a chunk of 64 KiB',
  },
]) {
  const message = Buffer.alloc(bytes, 0x61);
  const load = (port: number) => pingPong(port, { message });
  show(await compare({ script: './echo-server.ts', modes, load, count, rounds }), { title });
}

// Its sum keeps the work from being optimized away.
class Summing implements Guard {
  readonly context = new EntryContext('bench');
  sum = 0;

  failed(): void {}
}
function add(guard: Summing, amount: number): void {
  guard.sum += amount;
}
const guard = new Summing();
const calls = {
  'bare call': () => add(guard, 1),
  entered: () => enter(guard, 'data', add, 1),
  followed: () => enter(guard, 'data', add, 1),
};
const following = { followed: followContexts };
showCalls(measureCalls(calls, { count: 200_000, rounds: 31, during: following }), {
  title: 'one call of a function that adds a number',
});
