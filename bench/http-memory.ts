// Memory of 10,000 connections that were answered once and are kept alive: `node:http` (twice, to show the noise), Hawser,
// Fastify and Hono. Each server is a process of its own, the clients are another.
// Run: npm run example bench/http-memory.ts (needs `ulimit -n` of 11,000 or more) [--quick]
import { HELLO_REQUEST } from './http-requests.ts';
import { measureMemory, showMemory } from './measure-memory.ts';
import { verdict } from './show.ts';

const samples = await measureMemory({
  script: './http-server.ts',
  modes: ['node:http', 'node:http again', 'Hawser, handler', 'Hawser', 'Fastify', 'Hono'],
  message: HELLO_REQUEST.toString('latin1'),
  rounds: process.argv.includes('--quick') ? 1 : 3,
});
// A parser of `node:http` lies beside the heap, so that only the whole of the memory can be compared.
const ratios = showMemory(samples, { title: '10,000 connections kept alive' });
const missed = ['Hawser, handler', 'Hawser']
  .map((mode) => [mode, ratios.get(mode) ?? Number.NaN] as const)
  .filter(([, ratio]) => verdict(ratio, 1) === 'missed')
  .map(([mode, ratio]) => `${mode} ${ratio.toFixed(2)}`);
console.log(
  missed.length === 0
    ? '\nEvery target is met: less memory than node:http'
    : `\nMissed, less memory than node:http:\n  ${missed.join('\n  ')}`,
);
