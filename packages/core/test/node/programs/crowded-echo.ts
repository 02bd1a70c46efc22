// Greets who connects, and has a thief who opens files as long as there are descriptors: as many as connections can use,
// besides those that node, its loader and whoever started this have open. It is told what to do by messages.

import { execFileSync } from 'node:child_process';
import { close, open, readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createNodeReactor } from '../../../src/node/node-reactor.ts';

/** As many as there are threads in the pool. */
const THIEVES = 4;
const host = '127.0.0.1';
/** Of the descriptors that a connection could have, those that this program itself may yet need. */
const SPARE = 20;
// Half of a low limit is kept back, so this is what is open and as much again, and a budget that fits beside it.
const maxFiles = 2 * (readdirSync('/proc/self/fd').length + SPARE);
// As `ulimit -n` does it, but not before: the loader of node 24 opens all modules at once.
execFileSync('prlimit', [`--nofile=${maxFiles}`, '--pid', String(process.pid)]);
const problems: string[] = [];
const reactor = createNodeReactor({
  reports: { problem: (where, error) => void problems.push(`${where}: ${String(error)}`) },
});
const port = await reactor.tcp.listen({ host, port: 0 }, () => ({
  connectionMade: (transport) => void transport.write(Buffer.from('!')),
  dataReceived: () => undefined,
}));

const stolen: number[] = [];
let stealing = false;
let exhausted = false;
/** Through the thread pool, as most of node opens files. */
function steal(): void {
  if (!stealing) return;
  open('/dev/null', 'r', (error, fd) => {
    if (error) {
      exhausted = true;
      setImmediate(steal);
    } else {
      stolen.push(fd);
      steal();
    }
  });
}

const orders: Readonly<Record<string, () => void>> = {
  steal() {
    stealing = true;
    for (let i = 0; i < THIEVES; i++) steal();
  },
  rest() {
    stealing = false;
  },
  giveBack() {
    stealing = false;
    for (const fd of stolen.splice(0)) close(fd, () => undefined);
  },
};
process.on('message', (order: string) => {
  orders[order]?.();
  const { user, system } = process.cpuUsage();
  process.send?.({
    cpuMs: (user + system) / 1_000,
    at: reactor.clock.now(),
    open: port.connections,
    exhausted,
    turns: performance.nodeTiming.uvMetricsInfo.loopCount,
    problems,
  });
});
process.once('disconnect', () => process.exit());
process.stdout.write(`${'port' in port.address ? port.address.port : 0} ${maxFiles}\n`);
