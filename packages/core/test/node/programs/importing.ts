import { writeSync } from 'node:fs';

// Says what importing the package has opened and listens to. Nothing else may do so before: not even `node:process`.
const before = process.getActiveResourcesInfo();
const listeners = process.eventNames();
await import('../../../src/index.ts');
const opened = process.getActiveResourcesInfo();
const listening = process.eventNames().filter((name) => !listeners.includes(name));
writeSync(1, `${JSON.stringify({ before, opened, listening })}\n`);
