import { describe } from 'vitest';
import { duplexConformance, transportConformance } from '../../conformance/index.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { runCases } from './run-cases.ts';
import { tcpKind } from './tcp-kind.ts';

describe('TCP', () => {
  runCases(transportConformance, tcpKind());
});

describe('a stream over TCP', () => {
  runCases(duplexConformance, tcpKind());
});

describe('TCP through three transform layers', () => {
  const layers = ['a', 'b', 'c'].map((name) =>
    transform(name, () => ({
      received: (data) => flipped(data),
      sent: (data) => flipped(data),
    })),
  );
  runCases(transportConformance, tcpKind(...layers));
});

function flipped(data: Uint8Array): Buffer {
  const copy = Buffer.from(data);
  for (let at = 0; at < copy.length; at++) copy[at] = 0xff - (copy[at] ?? 0);
  return copy;
}
