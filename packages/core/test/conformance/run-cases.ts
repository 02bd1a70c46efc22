import { test } from 'vitest';
import type { ConformanceCase } from '../../conformance/index.ts';
import { isApplicable } from '../../conformance/index.ts';
import { type SocketKind, socketHarness } from './socket-harness.ts';

/** Runs every case that applies to `kind`. */
export function runCases(cases: readonly ConformanceCase[], kind: SocketKind): void {
  for (const each of cases.filter((one) => isApplicable(one, kind.can))) {
    // oxlint-disable-next-line vitest/expect-expect -- the case asserts
    test(each.name, async () => {
      const harness = socketHarness(kind);
      try {
        await each.run(harness);
      } finally {
        await harness[Symbol.asyncDispose]();
      }
    });
  }
}
