// Starts a child that stays when this process ends, and ends without waiting for it. For `node-process.real.test.ts`.

import { createNodeReactor } from '../../../src/node/node-reactor.ts';

const child = await createNodeReactor().process.spawn(
  {
    command: '/bin/sh',
    // It ends when it is told to, after it has printed something.
    args: ['-c', 'trap "echo still here; exit" USR1; while :; do sleep 0.05; done'],
    out: 'inherit',
    err: 'inherit',
    detached: true,
  },
  {},
);
process.stdout.write(`${child.pid}\n`);
