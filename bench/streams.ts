// What `await` costs: an echo of chunks and of lines by callbacks, by `conn.read` and by `conn.lines`, each against
// raw `node:net` (twice, to show the noise) and, where a person who prefers `await` would use it, against node's own
// `for await`.
// Run: npm run example bench/streams.ts
import { compare } from './compare.ts';
import { pingPong } from './ping-pong.ts';
import { show } from './show.ts';

const LINE_BYTES = 64;
const LINES_AT_ONCE = 32;
const line = Buffer.from(`${'a'.repeat(LINE_BYTES - 1)}\n`);
const lines = Buffer.concat(Array.from({ length: LINES_AT_ONCE }, () => line));

const chunkModes = [
  'raw',
  'raw again',
  'raw, for await',
  'dataReceived',
  'conn.read',
  'for await of conn',
];
const lineModes = ['raw lines', 'raw lines again', 'LineDecoder', 'conn.lines', 'conn.readLine'];

for (const { title, against, modes, message, worth, count } of [
  {
    title: `echo of a chunk of ${LINE_BYTES} bytes`,
    against: 'dataReceived',
    modes: chunkModes,
    message: line,
    worth: 1,
    count: 3_000,
  },
  {
    title: `echo of a line of ${LINE_BYTES} bytes, one at a time`,
    against: 'LineDecoder',
    modes: lineModes,
    message: line,
    worth: 1,
    count: 3_000,
  },
  {
    title: `echo of a line of ${LINE_BYTES} bytes, ${LINES_AT_ONCE} at a time`,
    against: 'LineDecoder',
    modes: lineModes,
    message: lines,
    worth: LINES_AT_ONCE,
    count: 16_384,
  },
]) {
  const load = (port: number) => pingPong(port, { message, worth });
  const samples = await compare({ script: './streams-server.ts', modes, load, count, rounds: 9 });
  show(samples, { title, against });
}
