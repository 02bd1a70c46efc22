import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtCode } from './built-code.ts';
import { median } from './show.ts';

/** What one connection adds to the memory of a server, in bytes. */
export interface Memory {
  readonly rss: number;
  /** The heap and what lies beside it, after a garbage collection. */
  readonly heap: number;
}

/** Options for {@link measureMemory}. */
export interface MeasureMemoryOptions {
  /** The servers: a file beside this one that calls `beMeasured`. */
  readonly script: string;
  /** Its first argument, one server each. The first is the baseline. */
  readonly modes: readonly string[];
  /** What each client says, once. The answer is waited for. */
  readonly message: string;
  /** @defaultValue 10_000 */
  readonly connections?: number | undefined;
  /** @defaultValue 3 */
  readonly rounds?: number | undefined;
}

/** Measures the memory of connections that wait, after one message and its answer. */
export async function measureMemory(
  options: MeasureMemoryOptions,
): Promise<ReadonlyMap<string, readonly Memory[]>> {
  const { modes, connections = 10_000, rounds = 3 } = options;
  const [, limit = '0'] =
    /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  if (Number(limit) < connections * 1.1) {
    throw new Error(`Cannot open ${connections} connections as ulimit -n is ${limit}`);
  }
  const samples = new Map(modes.map((mode) => [mode, [] as Memory[]]));
  for (let round = 0; round < rounds; round++) {
    for (const mode of modes)
      samples.get(mode)?.push(await measure(mode, { ...options, connections }));
  }
  return samples;
}

/** Prints a table. Gives the ratios of RSS to that of the first row. */
export function showMemory(
  samples: ReadonlyMap<string, readonly Memory[]>,
  { title }: { readonly title: string },
): ReadonlyMap<string, number> {
  const [first = []] = samples.values();
  const [baseline = ''] = samples.keys();
  console.log(`\n${title}; ${process.version}, median of ${first.length}, a connection`);
  console.log(row(['', 'RSS', `x ${baseline}`, 'heap', `x ${baseline}`]));
  const ratios = new Map<string, number>();
  for (const [mode, list] of samples) {
    const rss = compareWith(first, { list, of: 'rss' });
    const heap = compareWith(first, { list, of: 'heap' });
    ratios.set(mode, rss.ratio);
    console.log(row([mode, rss.bytes, rss.ratio.toFixed(2), heap.bytes, heap.ratio.toFixed(2)]));
  }
  return ratios;
}

/** Median bytes, and the median of the ratios within each round. */
function compareWith(
  baseline: readonly Memory[],
  { list, of }: { readonly list: readonly Memory[]; readonly of: keyof Memory },
): { bytes: string; ratio: number } {
  const ratios = list.map((each, round) => each[of] / (baseline[round]?.[of] ?? Number.NaN));
  return { bytes: `${median(list.map((each) => each[of])).toFixed(0)} B`, ratio: median(ratios) };
}

function row([name = '', ...cells]: readonly string[]): string {
  return `  ${name.padEnd(26)}${cells.map((cell) => cell.padStart(14)).join('')}`;
}

async function measure(
  mode: string,
  { script, message: said, connections }: MeasureMemoryOptions & { readonly connections: number },
): Promise<Memory> {
  const server = start(script, [mode.replace(/ again$/, '')]);
  const [port] = (await message(server)) as [number];
  // Once before, so that code and buffers of the first connections are not counted.
  const warmUp = start('./idle-memory-clients.ts', [String(port), '100', said]);
  await message(warmUp);
  const before = await memory(server);
  const clients = start('./idle-memory-clients.ts', [String(port), String(connections), said]);
  await message(clients);
  const after = await memory(server);
  await Promise.all([warmUp, clients, server].map(stop));
  return {
    rss: (after.rss - before.rss) / connections,
    heap: (after.heap - before.heap) / connections,
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
