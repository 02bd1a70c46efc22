// What is the most that one message can cost to read? The budget is 1 ms for a datagram of 4096 octets and 5 ms for a
// message of 64 KiB. Run: npm run example packages/dns/bench/worst-messages.ts
import { parseMessage } from '../src/message/parse-message.ts';
import { nameAt, readMessage, recordsOf } from '../src/message/reader.ts';
import { worstMessages } from '../test/message/worst-messages.ts';

/** Median and highest of many runs, in microseconds. */
function measure(run: () => void): [number, number] {
  const times: number[] = [];
  const until = performance.now() + 300;
  while (times.length < 30 || performance.now() < until) {
    const start = performance.now();
    run();
    times.push((performance.now() - start) * 1000);
  }
  times.sort((one, other) => one - other);
  return [times[times.length >> 1] ?? 0, times[Math.floor(times.length * 0.99)] ?? 0];
}

function walk(bytes: Buffer): void {
  const reading = readMessage(bytes);
  if (!reading.ok) return;
  for (const { nameOffset } of recordsOf(reading.message)) nameAt(reading.message, nameOffset);
}

const cell = ([median, p99]: [number, number]): string =>
  `${median.toFixed(0).padStart(7)} (p99 ${p99.toFixed(0)})`.padEnd(22);
console.log(
  'us to read                              readMessage           walk and owners       parseMessage',
);
for (const size of [4096, 65_535]) {
  for (const [name, bytes] of Object.entries(worstMessages(size))) {
    const row = [() => void readMessage(bytes), () => walk(bytes), () => void parseMessage(bytes)];
    const parsed = parseMessage(bytes);
    const end = 'error' in parsed ? 'refused' : `${parsed.answer.length} records`;
    console.log(
      `${String(size).padEnd(6)} ${name.padEnd(30)}`,
      ...row.map((run) => cell(measure(run))),
      end,
    );
  }
}
