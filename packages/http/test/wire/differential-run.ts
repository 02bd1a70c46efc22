// Compares our reader of requests with that of node:http over many mutants, and fails where they differ without a reason:
// npx tsx --conditions=@hawser/source packages/http/test/wire/differential-run.ts --count 1000000 --seed 1
import { parseArgs } from 'node:util';
import { fuzzRequests } from './differential.ts';
import { outcomeClasses } from './differential-classes.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const started = Date.now();
const outcomes = await fuzzRequests({ count, seed: Number(values.seed) });
const seconds = (Date.now() - started) / 1000;
console.log(`${count} streams in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`);
for (const [outcome, { count: times, example }] of [...outcomes].sort(([a], [b]) =>
  a < b ? -1 : 1,
)) {
  console.log(`${String(times).padStart(9)}  ${outcome}  ${JSON.stringify(example).slice(0, 300)}`);
}
const known = new Set(outcomeClasses.map(({ outcome }) => outcome));
if ([...outcomes.keys()].some((outcome) => !known.has(outcome))) process.exitCode = 1;
