// How long a request takes at a fixed rate, seen by the client: `node:http` (twice, to show the noise), Hawser, Fastify
// and Hono, each in a process of its own, one after the other in short rounds. The client is paced and does not wait for
// answers before it goes on: a request that is due while its connection is busy waits, and that wait counts.
// Run: npm run example bench/http-latency.ts [--quick]
import { startServer } from './compare.ts';
import { HELLO_REQUEST, measureAnswer } from './http-requests.ts';
import { PacedClient } from './paced-client.ts';
import { median, quantile, verdict } from './show.ts';

const MODES = ['node:http', 'node:http again', 'Hawser, handler', 'Hawser', 'Fastify', 'Hono'];
const RATE = 2_000;
const SECONDS = 2;
/** The slowest hundredth of a round are few: what is no worse is known less well than CPU time is. */
const TARGETS: Readonly<Record<string, number>> = { 'Hawser, handler': 1.1, Hawser: 1.1 };

const [starts, rounds] = process.argv.includes('--quick') ? [1, 5] : [3, 9];
const p50 = new Map(MODES.map((mode) => [mode, [] as number[]]));
const p99 = new Map(MODES.map((mode) => [mode, [] as number[]]));
for (let start = 0; start < starts; start++) {
  const servers = await Promise.all(
    MODES.map((mode) => startServer(mode, { script: './http-server.ts' })),
  );
  const clients = await Promise.all(
    servers.map(async ({ port }) => {
      const answerBytes = await measureAnswer(port, { message: HELLO_REQUEST, atLeast: 13 });
      return PacedClient.connect(port, { message: HELLO_REQUEST, answerBytes, connections: 16 });
    }),
  );
  for (const client of clients) await client.run(RATE, RATE * SECONDS);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < MODES.length; i++) {
      const at = (i + round) % MODES.length;
      const latencies = (await clients[at]?.run(RATE, RATE * SECONDS)) ?? [];
      p50.get(MODES[at] ?? '')?.push(quantile(latencies, 0.5));
      p99.get(MODES[at] ?? '')?.push(quantile(latencies, 0.99));
    }
  }
  for (const client of clients) client.close();
  await Promise.all(servers.map((server) => server.stop()));
}

console.log(
  `\n${RATE} requests a second on 16 connections; ${process.version}, median of ${starts * rounds} rounds`,
);
console.log(row(['', 'p50', 'p99', 'x node:http', 'target', 'verdict']));
const missed: string[] = [];
for (const mode of MODES) {
  const slow = p99.get(mode) ?? [];
  const ratio = median(
    slow.map((each, round) => each / (p99.get('node:http')?.[round] ?? Number.NaN)),
  );
  const target = TARGETS[mode];
  const met = target === undefined ? '' : verdict(ratio, target);
  if (met === 'missed') missed.push(`${mode} ${ratio.toFixed(3)}`);
  const [typical, slowest] = [median(p50.get(mode) ?? []), median(slow)];
  console.log(
    row([
      mode,
      `${typical.toFixed(2)} ms`,
      `${slowest.toFixed(2)} ms`,
      ratio.toFixed(3),
      target?.toFixed(2) ?? '',
      met,
    ]),
  );
}
console.log(missed.length === 0 ? '\nEvery target is met' : `\nMissed:\n  ${missed.join('\n  ')}`);

function row([name = '', ...cells]: readonly string[]): string {
  return `  ${name.padEnd(26)}${cells.map((cell) => cell.padStart(14)).join('')}`;
}
