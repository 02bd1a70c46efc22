// Compares our readers with those of node:http over many mutants, and fails where they differ without a reason:
// npx tsx --conditions=@hawser/source packages/http/test/wire/differential-run.ts --count 1000000 --seed 1 [--responses]
import { parseArgs } from 'node:util';
import { fuzzRequests, fuzzResponses } from './differential.ts';
import { outcomeClasses, responseClasses } from './differential-classes.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    responses: { type: 'boolean', default: false },
  },
});
const options = { count: Number(values.count), seed: Number(values.seed) };
const started = Date.now();
const outcomes = await (values.responses ? fuzzResponses(options) : fuzzRequests(options));
const seconds = (Date.now() - started) / 1000;
console.log(
  `${options.count} streams in ${seconds.toFixed(1)} s, ${Math.round(options.count / seconds)} a second`,
);
const classes = values.responses ? responseClasses : outcomeClasses;
const known = new Set(classes.map(({ outcome }) => outcome));
console.log('  streams  messages  body octets');
for (const [outcome, seen] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const { count, messages, bodyBytes, example } = seen;
  const counts = `${cell(count, 9)}${cell(messages, 10)}${cell(bodyBytes, 13)}`;
  const mark = known.has(outcome) ? ' ' : '!';
  console.log(`${counts} ${mark} ${outcome}  ${JSON.stringify(example).slice(0, 300)}`);
}
if ([...outcomes.keys()].some((outcome) => !known.has(outcome))) process.exitCode = 1;

function cell(count: number, width: number): string {
  return String(count).padStart(width);
}
