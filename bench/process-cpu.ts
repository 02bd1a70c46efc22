import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds that the kernel counts CPU time in: `getconf CLK_TCK`. */
const TICK_US = 10_000;

/** CPU time of a process and those it has started, user and system, in microseconds. Linux. */
export function processCpu(pid: number | undefined): number {
  // The second field may hold spaces, so that one counts from its end: proc(5).
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) * TICK_US;
  return childrenOf(pid).reduce((sum, child) => sum + processCpu(child), own);
}

function childrenOf(pid: number | undefined): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
      .split(' ')
      .filter((each) => each !== '')
      .map(Number),
  );
}

/** Octets of memory that a process and those it has started hold for themselves; what they share counts once. Linux. */
export function processTreeMemory(pid: number | undefined): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const own = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? Number.NaN) * 1024;
  return childrenOf(pid).reduce((sum, child) => sum + processTreeMemory(child), own);
}
