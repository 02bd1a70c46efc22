import type { Sample, Samples } from './compare.ts';

/** Options for {@link show}. */
export interface ShowOptions {
  readonly title: string;
  /** A second baseline, beside the first row. */
  readonly against?: string | undefined;
  /** What an operation is, to show how many of them a second there were. */
  readonly rate?: string | undefined;
  /** How much of the first row some of them may cost at most. */
  readonly targets?: Readonly<Record<string, number>> | undefined;
}

/** How far a repeated baseline may be off before the run says nothing. */
const TOLERANCE = 0.03;

/**
 * Prints a table: the median CPU time of an operation, and how it compares with the first row (the median of the
 * ratios within each round, with the middle half of them). Gives a line for each that misses its target.
 */
export function show(samples: Samples, options: ShowOptions): string[] {
  const { title, against, rate, targets } = options;
  const missed: string[] = [];
  const [first = ''] = samples.keys();
  const rounds = samples.get(first)?.length ?? 0;
  console.log(`\n${title}; ${process.version}, median of ${rounds} rounds`);
  const columns = ['', 'CPU', `x ${first}`, 'middle half', against && `x ${against}`, rate];
  console.log(row([...columns, targets && 'target', targets && 'verdict']));
  for (const [mode, list] of samples) {
    const ratios = ratiosTo(samples.get(first), list);
    const target = targets?.[mode];
    const met = target === undefined ? '' : verdict(median(ratios), target);
    if (met === 'missed') missed.push(`${title}: ${mode} ${median(ratios).toFixed(3)}`);
    console.log(
      row([
        mode,
        `${median(list.map(({ cpu }) => cpu)).toFixed(2)} µs`,
        median(ratios).toFixed(3),
        `${quantile(ratios, 0.25).toFixed(2)}-${quantile(ratios, 0.75).toFixed(2)}`,
        against && median(ratiosTo(samples.get(against), list)).toFixed(3),
        rate && median(list.map((each) => each.rate)).toFixed(0),
        targets && (target?.toFixed(2) ?? ''),
        targets && met,
      ]),
    );
  }
  const control = median(ratiosTo(samples.get(first), samples.get(`${first} again`) ?? []));
  if (Math.abs(control - 1) > TOLERANCE) {
    console.log(
      `  the same server twice differs by ${((control - 1) * 100).toFixed(1)} %: repeat this run`,
    );
  }
  return missed;
}

/** Whether a ratio is as low as it should be. */
export function verdict(ratio: number, target: number): 'met' | 'missed' {
  return ratio <= target ? 'met' : 'missed';
}

export function median(list: readonly number[]): number {
  return quantile(list, 0.5);
}

function ratiosTo(baseline: readonly Sample[] | undefined, list: readonly Sample[]): number[] {
  return list.map(({ cpu }, round) => cpu / (baseline?.[round]?.cpu ?? Number.NaN));
}

export function quantile(list: readonly number[], share: number): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function row([name = '', ...cells]: readonly (string | undefined)[]): string {
  const shown = cells.filter((cell) => cell !== undefined);
  return `  ${name.padEnd(26)}${shown.map((cell) => cell.padStart(17)).join('')}`;
}
