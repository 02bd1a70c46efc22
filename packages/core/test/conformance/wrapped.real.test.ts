import { describe } from 'vitest';
import { duplexConformance, transportConformance } from '../../conformance/index.ts';
import { runCases } from './run-cases.ts';
import { tcpKind } from './tcp-kind.ts';
import { proxied, tapped, throttled } from './wrapping-layers.ts';

describe('TCP behind a PROXY header', () => {
  const kind = tcpKind(proxied(2));
  // The socket is still there to be given away.
  runCases(transportConformance, { ...kind, can: new Set([...kind.can, 'detaches']) });
});

describe('TCP tapped', () => {
  runCases(transportConformance, tcpKind(tapped()));
});

describe('TCP throttled', () => {
  // Much has to wait, and a few milliseconds are enough for what the cases wait for.
  const kind = { ...tcpKind(throttled(2_000_000)), calmMs: 25 };
  runCases([...transportConformance, ...duplexConformance], kind);
});
