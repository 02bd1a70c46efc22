// Runs simulated scenarios with many seeds: `npm run test:sim -- --seeds 10000 --from 1`, and with `--of http,http2` clients
// and servers of HTTP, with `--of schedules` one connection of HTTP/1 and all that its peer may do, with `--of dns` a zone
// with its updates and copies. Every seed runs twice,
// and both runs must have the same trace. Exits with 1 if an invariant does not hold, with the seeds that show it; run one
// of them alone with `--seeds 1 --from <seed> --trace`.
import { parseArgs } from 'node:util';
// oxlint-disable-next-line no-restricted-imports -- a scenario of a package's own tests, run beside these
import { faultsScenario } from '../../packages/http/test/client/faults-scenario.ts';
// oxlint-disable-next-line no-restricted-imports -- as above
import { scheduleScenario } from '../../packages/http/test/server/schedule-scenario.ts';
import { chatScenario } from './chat-scenario.ts';
import { dnsScenario } from './dns/scenario.ts';
import { requestScenario } from './request-scenario.ts';
import { runSeeds } from './seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    of: { type: 'string', default: 'chat,requests' },
    trace: { type: 'boolean', default: false },
  },
});
const count = whole('seeds', values.seeds);
const from = whole('from', values.from);
const all = {
  chat: (sim: Parameters<typeof chatScenario>[0]) => chatScenario(sim),
  requests: (sim: Parameters<typeof requestScenario>[0]) => requestScenario(sim),
  http: (sim: Parameters<typeof faultsScenario>[0]) => faultsScenario(sim),
  http2: (sim: Parameters<typeof faultsScenario>[0]) => faultsScenario(sim, { over: 'h2' }),
  dns: (sim: Parameters<typeof dnsScenario>[0]) => dnsScenario(sim),
  schedules: (sim: Parameters<typeof scheduleScenario>[0]) => scheduleScenario(sim),
};
const scenarios = Object.fromEntries(values.of.split(',').map((name) => [name, scenario(name)]));

const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
const { runs, distinct, simulatedMs, bad } = await runSeeds({ scenarios, from, count });
const seconds = (performance.now() - startedAt) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
for (const { scenario, seed, why, trace } of bad) {
  console.log(`${scenario}, seed ${seed}: ${why}`);
  if (values.trace) for (const line of trace) console.log(`  ${line}`);
}
console.log(
  `${runs} runs of ${Object.keys(scenarios).join(' and ')}, each replayed; ${distinct} different traces; ${bad.length} bad`,
);
console.log(
  `${Math.round(simulatedMs / 1_000)} simulated seconds in ${seconds.toFixed(1)} s: ` +
    `${Math.round(simulatedMs / 1_000 / seconds)} a second, ${((user + system) / 2_000 / runs).toFixed(2)} ms CPU a run`,
);
process.exitCode = bad.length > 0 ? 1 : 0;

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot run as --${name} must be a whole number: "${text}"`);
}

function scenario(name: string): (typeof all)[keyof typeof all] {
  if (Object.hasOwn(all, name)) return all[name as keyof typeof all];
  throw new RangeError(`Cannot run as --of must be of ${Object.keys(all).join(',')}: "${name}"`);
}
