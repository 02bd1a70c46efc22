import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { MeasuredServer } from './compare.ts';

/** Milliseconds that the kernel counts CPU time in: `getconf CLK_TCK`. */
const TICK_US = 10_000;
const SCRIPT = fileURLToPath(new URL('./http-twisted.py', import.meta.url));

/** The second is where a distribution puts its own, with its modules, beside one that was built by hand. */
const PYTHONS = ['python3', '/usr/bin/python3'];

/** How to start Twisted Web, where this machine has it (Debian: `python3-twisted`). It says so if not. */
export async function twisted(): Promise<(() => Promise<MeasuredServer>) | undefined> {
  for (const python of PYTHONS) {
    if (await hasTwisted(python)) return () => start(python);
  }
  console.log('\nTwisted is left out: python3 has no module twisted.web');
  return undefined;
}

async function hasTwisted(python: string): Promise<boolean> {
  try {
    await promisify(execFile)(python, ['-c', 'import twisted.web.server']);
    return true;
  } catch {
    return false;
  }
}

async function start(python: string): Promise<MeasuredServer> {
  const child = spawn(python, [SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    port: Number(port),
    cpu: () => Promise.resolve(cpuOf(child.pid)),
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** In microseconds. The second field may hold spaces, so that one counts from its end: proc(5). */
function cpuOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]];
  return (Number(user) + Number(system)) * TICK_US;
}
