/** A kind of work that several servers do. */
export interface RoundedWork {
  readonly rounds: number;
}

/** How often a work is measured. */
export interface Effort {
  /** Rounds with the same processes. */
  readonly rounds: number;
  /** How often the processes are made anew. */
  readonly starts: number;
}

/**
 * Measures the works that the command line names, or all, at the effort that it asks for (`--quick`), and prints which
 * servers missed their target.
 *
 * @param measure measures one, prints its table, and gives a line for each target that was missed, or nothing if there
 * are none
 */
export async function measureWorks<W extends RoundedWork>(
  works: Readonly<Record<string, W>>,
  measure: (work: W, effort: Effort) => Promise<readonly string[] | undefined>,
): Promise<void> {
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = wanted.find((name) => !(name in works));
  if (unknown !== undefined) {
    throw new Error(`Cannot measure "${unknown}", only: ${Object.keys(works).join(' ')}`);
  }
  const quick = process.argv.includes('--quick');
  let missed: string[] | undefined;
  for (const [name, work] of Object.entries(works)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const effort = quick ? { rounds: 5, starts: 1 } : { rounds: work.rounds, starts: 3 };
    const lines = await measure(work, effort);
    if (lines) missed = [...(missed ?? []), ...lines];
  }
  if (!missed) return;
  const verdict = missed.length === 0 ? 'Every target is met' : `Missed:\n  ${missed.join('\n  ')}`;
  console.log(`\n${verdict}`);
}
