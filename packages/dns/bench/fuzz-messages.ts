// As many mutated messages as you like: npm run example packages/dns/bench/fuzz-messages.ts [count] [seed]
import { fuzzMessages } from '../test/message/fuzz-messages.ts';

const [count = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
const start = performance.now();
// CPU and not wall time, as others may be busy; it includes what the collector does meanwhile.
const result = fuzzMessages(count, seed, () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
});
console.log(
  `${count} messages of seed ${seed} in ${((performance.now() - start) / 1000).toFixed(0)} s`,
  result,
);
