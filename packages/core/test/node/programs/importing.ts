import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

// Says what importing the package has opened and listens to. Nothing else may do so before: not even `node:process`.
const before = await resources();
const listeners = process.eventNames();
await import('../../../src/index.ts');
const opened = await resources();
for (const each of before) if (opened.includes(each)) opened.splice(opened.indexOf(each), 1);
const listening = process.eventNames().filter((name) => !listeners.includes(name));
writeSync(1, `${JSON.stringify({ opened, listening })}\n`);

/** What is still there when the loader has come to rest. */
async function resources(): Promise<string[]> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  return process.getActiveResourcesInfo();
}
