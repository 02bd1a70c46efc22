// Memory of 10,000 connections that wait: raw `node:net`, the same through a Protocol, and with an admission layer and an
// idle timeout. Each server is a process of its own, the clients are another.
// Run: npm run example bench/idle-memory.ts (needs `ulimit -n` of 11,000 or more)

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtCode } from './built-code.ts';
import { median } from './show.ts';

const CONNECTIONS = 10_000;
const ROUNDS = 3;
const MODES = ['raw', 'raw again', 'protocol', 'layers', 'streaming'] as const;

interface Memory {
  readonly rss: number;
  readonly heap: number;
}

const [, limit = '0'] =
  /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
if (Number(limit) < CONNECTIONS * 1.1) {
  throw new Error(`Cannot open ${CONNECTIONS} connections as ulimit -n is ${limit}`);
}

const samples = new Map(MODES.map((mode) => [mode, [] as Memory[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const mode of MODES) samples.get(mode)?.push(await measure(mode));
}
console.log(
  `\n${CONNECTIONS} idle connections; ${process.version}, median of ${ROUNDS}, a connection`,
);
console.log(row(['', 'RSS', 'x raw', 'heap', 'x raw']));
const [first = []] = samples.values();
for (const [mode, list] of samples) {
  const [rss, rssRatio] = compareWith(first, { list, of: 'rss' });
  const [heap, heapRatio] = compareWith(first, { list, of: 'heap' });
  console.log(row([mode, rss, rssRatio, heap, heapRatio]));
}

/** Median bytes, and the median of the ratios within each round. */
function compareWith(
  baseline: readonly Memory[],
  { list, of }: { readonly list: readonly Memory[]; readonly of: keyof Memory },
): [bytes: string, ratio: string] {
  const ratios = list.map((each, round) => each[of] / (baseline[round]?.[of] ?? Number.NaN));
  return [`${median(list.map((each) => each[of])).toFixed(0)} B`, median(ratios).toFixed(2)];
}

function row([name = '', ...cells]: readonly string[]): string {
  return `  ${name.padEnd(26)}${cells.map((cell) => cell.padStart(14)).join('')}`;
}

/** What one connection adds to the memory of the server. */
async function measure(mode: string): Promise<Memory> {
  const server = start('./idle-memory-server.ts', [mode.replace(/ again$/, '')]);
  const [port] = (await message(server)) as [number];
  // Once before, so that code and buffers of the first connections are not counted.
  const warmUp = start('./idle-memory-clients.ts', [String(port), '100']);
  await message(warmUp);
  const before = await memory(server);
  const clients = start('./idle-memory-clients.ts', [String(port), String(CONNECTIONS)]);
  await message(clients);
  const after = await memory(server);
  await Promise.all([warmUp, clients, server].map(stop));
  return {
    rss: (after.rss - before.rss) / CONNECTIONS,
    heap: (after.heap - before.heap) / CONNECTIONS,
  };
}

function start(script: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: [...builtCode, '--expose-gc'],
  });
}

async function memory(server: ChildProcess): Promise<Memory> {
  const answer = message(server);
  server.send('memory');
  const [told] = (await answer) as [Memory];
  return told;
}

async function message(child: ChildProcess): Promise<unknown[]> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`Cannot measure as a process ended with ${String(code)}`);
  });
  // It ends some time, which by then nobody waits for.
  ended.catch(() => undefined);
  return Promise.race([once(child, 'message'), ended]);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
