import { describe } from 'vitest';
import { deliveryCases } from './delivery-cases.ts';
import { pipes } from './pipe-connections.ts';
import { startTlsCases } from './starttls-cases.ts';

describe('over a pipe', () => {
  deliveryCases((factory) => Promise.resolve(pipes(factory, 'whole')));
});

describe('over a pipe that cuts at random places', () => {
  deliveryCases((factory) => Promise.resolve(pipes(factory, 7)));
});

describe('STARTTLS over a pipe', () => {
  startTlsCases((factory) => Promise.resolve(pipes(factory, 'whole')));
});
