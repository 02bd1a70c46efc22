import { describe } from 'vitest';
import { serverSuite } from './server-suite.ts';
import { tcpWorld } from './world.ts';

describe('over TCP', () => {
  serverSuite(tcpWorld);
});
