// What is the most that one message can cost to read? The budget is 1 ms for a datagram of 4096 octets and 5 ms for a
// message of 64 KiB. Run: npm run example packages/dns/bench/worst-messages.ts
import { parseMessage } from '../src/message/parse-message.ts';
import { nameAt, readMessage, recordsOf } from '../src/message/reader.ts';
import { worstMessages } from '../test/message/worst-messages.ts';

/** CPU time of one run in microseconds, the collector's included: others may be busy meanwhile. */
function measure(run: () => void): number {
  for (let round = 0; round < 20; round++) run();
  const start = process.cpuUsage();
  let rounds = 0;
  let spent = 0;
  while (spent < 150_000 && rounds < 20_000) {
    run();
    rounds++;
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
  return spent / rounds;
}

function walk(bytes: Buffer): void {
  const reading = readMessage(bytes);
  if (!reading.ok) return;
  for (const { nameOffset } of recordsOf(reading.message)) nameAt(reading.message, nameOffset);
}

console.log('CPU us                              readMessage  and owners  parseMessage');
for (const size of [4096, 65_535]) {
  for (const [name, bytes] of Object.entries(worstMessages(size))) {
    const ways = [() => void readMessage(bytes), () => walk(bytes), () => void parseMessage(bytes)];
    const parsed = parseMessage(bytes);
    const end = 'error' in parsed ? 'refused' : `${parsed.answer.length} records`;
    const cells = ways.map((run) => measure(run).toFixed(0).padStart(11));
    console.log(String(size).padEnd(6), name.padEnd(30), ...cells, ` ${end}`);
  }
}
