import { median } from './show.ts';

/** What is called, by name. The first is the baseline. */
export type Calls = Readonly<Record<string, () => unknown>>;

/** Options for {@link measureCalls}. */
export interface MeasureCallsOptions {
  /** Calls in a round. */
  readonly count: number;
  readonly rounds: number;
  /** What is in force while one of them is measured. */
  readonly during?: Readonly<Record<string, () => Disposable>> | undefined;
}

/** CPU time of each call in this process, in nanoseconds: the median of interleaved rounds. */
export function measureCalls(
  calls: Calls,
  { count, rounds, during = {} }: MeasureCallsOptions,
): ReadonlyMap<string, number> {
  const samples = new Map(Object.keys(calls).map((name) => [name, [] as number[]]));
  for (let round = -3; round < rounds; round++) {
    for (const [name, call] of Object.entries(calls)) {
      const inForce = during[name]?.();
      const before = process.cpuUsage();
      for (let i = 0; i < count; i++) call();
      const { user, system } = process.cpuUsage(before);
      inForce?.[Symbol.dispose]();
      // The first three warm up.
      if (round >= 0) samples.get(name)?.push(((user + system) / count) * 1_000);
    }
  }
  return new Map([...samples].map(([name, list]) => [name, median(list)]));
}

/** Prints a table: the cost of each call, and how much more that is than the first. */
export function showCalls(
  costs: ReadonlyMap<string, number>,
  { title }: { readonly title: string },
): void {
  const [first = Number.NaN] = costs.values();
  console.log(`\n${title}; ${process.version}, no socket, CPU of this process`);
  for (const [name, cost] of costs) {
    const more = (cost - first).toFixed(0);
    console.log(
      `  ${name.padEnd(26)}${`${cost.toFixed(0)} ns`.padStart(14)}${`+${more}`.padStart(14)}`,
    );
  }
}
