import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { transportConformance } from '../../conformance/index.ts';
import { runCases } from './run-cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a Unix socket', () => {
  const path = join(folder, 'socket');
  runCases(transportConformance, {
    // Neither a reset nor a port that tells two sockets apart.
    can: new Set(['halfCloses', 'detaches', 'limitsPending', 'bulk']),
    listen: (reactor, factory, options) => reactor.unix.listen({ path, ...options }, factory),
    connect: (reactor, _, { factory, options }) =>
      reactor.unix.connect({ path, ...options }, factory),
  });
});
