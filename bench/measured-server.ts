import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, so that its CPU time is its own. */
export interface MeasuredServer {
  readonly name: string;
  readonly port: number;
  /** CPU time used so far, user and system, in microseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts `script` beside this file with `args`; it must call {@link beMeasured}. */
export async function startServer(
  name: string,
  { script, args = [] }: { readonly script: string; readonly args?: readonly string[] },
): Promise<MeasuredServer> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await Promise.race([once(child, 'message'), failure(child)])) as [number];
  return {
    name,
    port,
    async cpu() {
      const answer = once(child, 'message');
      child.send('cpu');
      const [microseconds] = (await answer) as [number];
      return microseconds;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

async function failure(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`Cannot measure as the server exited with ${code}`);
}

/** The other side: tells the port, and answers with the CPU time used whenever asked. */
export function beMeasured(port: number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(port);
}

/** What is measured. */
export interface Work {
  /** Does `count` operations against the server on `port`. */
  readonly run: (port: number, count: number) => Promise<void>;
  readonly count: number;
  readonly rounds: number;
}

/** What a server cost per operation, over all rounds. */
export interface Cost {
  readonly name: string;
  /** Median CPU time in microseconds. */
  readonly cpu: number;
  /** Median of the ratios to the first server, each taken within one round. */
  readonly ratio: number;
}

/** Measures all servers under the same work, round by round. */
export async function compare(
  servers: readonly MeasuredServer[],
  { run, count, rounds }: Work,
): Promise<readonly Cost[]> {
  const samples = servers.map((): number[] => []);
  for (const server of servers) await run(server.port, count);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < servers.length; i++) {
      // Another server goes first each time, so that drift of the machine hits all alike.
      const at = (i + round) % servers.length;
      const server = servers[at];
      if (!server) continue;
      const before = await server.cpu();
      await run(server.port, count);
      samples[at]?.push(((await server.cpu()) - before) / count);
    }
  }
  const [baseline = []] = samples;
  return servers.map(({ name }, at) => {
    const own = samples[at] ?? [];
    const ratios = own.map((value, round) => value / (baseline[round] ?? Number.NaN));
    return { name, cpu: median(own), ratio: median(ratios) };
  });
}

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints the costs. */
export function show(title: string, costs: readonly Cost[]): void {
  console.log(title);
  for (const { name, cpu, ratio } of costs) {
    console.log(
      `  ${name.padEnd(28)} ${cpu.toFixed(2).padStart(8)} µs CPU   ${ratio.toFixed(3)} x`,
    );
  }
}
