import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Load } from './compare.ts';
import { hostName } from './dns-names.ts';

/** Sockets of one run; each server sees as many clients. */
const CLIENTS = 8;
const IN_FLIGHT = 64;

/** Asks the server at `port` for the addresses of `hosts` names in turn, with `dnsperf` of the Debian package. */
export function dnsperf(port: number, hosts: number): Load {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-bench-dnsperf-'));
  const file = join(folder, 'queries');
  return {
    async run(count) {
      // From beginning to end, once; a stride that has no factor in common with the names visits all of them.
      const lines = Array.from({ length: count }, (_, at) => `${hostName((at * 7919) % hosts)} A`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      const options = `-s 127.0.0.1 -p ${port} -n 1 -c ${CLIENTS} -q ${IN_FLIGHT} -T 1`.split(' ');
      const { stdout } = await promisify(execFile)('dnsperf', [...options, '-d', file]);
      const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1] ?? 0);
      if (completed < count * 0.99) {
        throw new Error(`Cannot measure as of ${count} queries only ${completed} were answered`);
      }
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
