import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { builtCode } from './built-code.ts';

/** Whoever keeps a server busy. */
export interface Load {
  /** Does so many operations. */
  run(count: number): Promise<void>;
  close(): void;
}

/** What is compared, and under which work. */
export interface Comparison {
  /** The servers: a file beside this one that calls `beMeasured`. */
  readonly script: string;
  /** Its first argument, one server each. The first is the baseline; `raw again` starts the same as `raw`. */
  readonly modes: readonly string[];
  /** More arguments. */
  readonly args?: readonly string[] | undefined;
  /** Makes the load on a server. What it costs the server to begin is not measured. */
  readonly load: (port: number, mode: string) => Promise<Load>;
  /** Operations in a round. */
  readonly count: number;
  /** Rounds with the same processes. */
  readonly rounds: number;
  /**
   * How often the processes are made anew: where code and heap of a process happen to lie makes a difference that no
   * number of rounds averages out.
   * @defaultValue 3
   */
  readonly starts?: number | undefined;
  /** Servers that are no script of ours, by their mode. */
  readonly others?: Readonly<Record<string, () => Promise<MeasuredServer>>> | undefined;
}

/** What a server cost in each round, by its mode. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** One round of one server. */
export interface Sample {
  /** CPU time of the server per operation, in microseconds. */
  readonly cpu: number;
  /** Operations a second, which is up to the client as well. */
  readonly rate: number;
}

/** Measures all servers under the same work, round by round. */
export async function compare(comparison: Comparison): Promise<Samples> {
  const { modes, load, count, rounds, starts = 3 } = comparison;
  const samples = new Map(modes.map((mode) => [mode, [] as Sample[]]));
  for (let start = 0; start < starts; start++) {
    const servers = await Promise.all(
      modes.map((mode) => comparison.others?.[mode]?.() ?? startServer(mode, comparison)),
    );
    const loads = await Promise.all(modes.map((mode, i) => load(servers[i]?.port ?? 0, mode)));
    for (const each of loads) await each.run(count);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < modes.length; i++) {
        // Another goes first each time, so that drift of the machine hits all alike.
        const at = (i + round) % modes.length;
        const [mode, server, busy] = [modes[at], servers[at], loads[at]];
        if (mode === undefined || !server || !busy) continue;
        samples.get(mode)?.push(await sample(server, { load: busy, count }));
      }
    }
    for (const each of loads) each.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
  return samples;
}

async function sample(
  server: MeasuredServer,
  { load, count }: { readonly load: Load; readonly count: number },
): Promise<Sample> {
  const before = await server.cpu();
  const start = performance.now();
  await load.run(count);
  const seconds = (performance.now() - start) / 1_000;
  return { cpu: ((await server.cpu()) - before) / count, rate: count / seconds };
}

/** A server process. */
export interface MeasuredServer {
  readonly port: number;
  /** CPU time used so far, user and system, in microseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a server as a process of its own. */
export async function startServer(
  mode: string,
  { script, args = [] }: Pick<Comparison, 'script' | 'args'>,
): Promise<MeasuredServer> {
  const child = fork(
    fileURLToPath(new URL(script, import.meta.url)),
    [mode.replace(/ again$/, ''), ...args],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [...builtCode] },
  );
  const ask = async (): Promise<number> => {
    const answer = once(child, 'message');
    child.send('cpu');
    const [microseconds] = (await answer) as [number];
    return microseconds;
  };
  const [port] = (await Promise.race([once(child, 'message'), failure(child)])) as [number];
  return {
    port,
    cpu: ask,
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

async function failure(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`Cannot measure as the server exited with ${code}: after "npm run build"?`);
}
