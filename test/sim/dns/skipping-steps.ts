import type { SeededRandom } from '@hawser/core/testing';
import type { TransferableZone } from '@hawser/dns';

/** When a zone skips. */
export interface SkippingOptions {
  readonly random: SeededRandom;
  readonly isActive: () => boolean;
}

/**
 * `zone` as a server gives it that has lost steps of its journal and does not notice: what it says to lead from a serial begins
 * later. Nobody may believe it.
 */
export function skippingSteps(
  zone: TransferableZone,
  { random, isActive }: SkippingOptions,
): TransferableZone {
  return Object.create(zone, {
    snapshot: { get: () => zone.snapshot },
    journal: {
      value: async (serial: number) => {
        const changes = await zone.journal(serial);
        const [, second, ...rest] = changes ?? [];
        if (second === undefined || !isActive() || random.float() < 0.5) return changes;
        return [{ ...second, from: serial }, ...rest];
      },
    },
    onChange: { value: zone.onChange.bind(zone) },
  }) as TransferableZone;
}
