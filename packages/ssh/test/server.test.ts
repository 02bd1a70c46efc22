import { describe } from 'vitest';
import { serverSuite } from './server-suite.ts';
import { pipeWorld } from './world.ts';

describe('over a pipe', () => {
  serverSuite((factory) => pipeWorld(factory));
});

describe('over a pipe that cuts anywhere', () => {
  serverSuite((factory) => pipeWorld(factory, { cut: 7 }));
});
