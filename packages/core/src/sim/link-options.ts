/** How TCP cuts bytes on their way: in segments of up to 64 KiB, in single bytes, or at random places by seed. */
export type Cut = 'whole' | 'bytes' | 'random';

/** How one direction of a link behaves. What is not given stays as it was. */
export interface LinkOptions {
  /** Time a packet takes: always the same, or for each packet at random between two values. @defaultValue 1 */
  readonly latencyMs?: number | readonly [number, number] | undefined;
  /** Up to this much is added to the latency of each packet, at random. @defaultValue 0 */
  readonly jitterMs?: number | undefined;
  /** Bytes a second; what comes faster waits. @defaultValue unlimited */
  readonly bandwidth?: number | undefined;
  /**
   * Chance that a packet is lost, 0 to 1. A datagram is gone; a TCP segment is sent again, and what follows it waits.
   * @defaultValue 0
   */
  readonly loss?: number | undefined;
  /** Chance that a datagram arrives twice. TCP does not show it. @defaultValue 0 */
  readonly duplicate?: number | undefined;
  /** Chance that a datagram is overtaken by later ones. TCP does not show it. @defaultValue 0 */
  readonly reorder?: number | undefined;
  /** How TCP cuts what is written. @defaultValue 'random' */
  readonly cut?: Cut | undefined;
  /** Bytes that may wait for the bandwidth; datagrams beyond are dropped. @defaultValue 262_144 */
  readonly queueBytes?: number | undefined;
}

/** A link with nothing left open. */
export type LinkState = { readonly [K in keyof LinkOptions]-?: Exclude<LinkOptions[K], undefined> };

/** What a link is without any rule. */
export const DEFAULT_LINK: LinkState = {
  latencyMs: 1,
  jitterMs: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  cut: 'random',
  queueBytes: 262_144,
};

/** @throws RangeError if a value makes no sense */
export function checkLink(options: LinkOptions): void {
  const { latencyMs, jitterMs = 0, bandwidth = 1, queueBytes = 0 } = options;
  const [least, most] =
    typeof latencyMs === 'object' ? latencyMs : [latencyMs ?? 0, latencyMs ?? 0];
  if (!(least >= 0 && most >= least)) {
    throw new RangeError(`Cannot link as latencyMs must be >= 0 and ascend: ${String(latencyMs)}`);
  }
  if (!(jitterMs >= 0)) throw new RangeError(`Cannot link as jitterMs must be >= 0: ${jitterMs}`);
  if (!(bandwidth > 0)) throw new RangeError(`Cannot link as bandwidth must be > 0: ${bandwidth}`);
  if (!(queueBytes >= 0)) {
    throw new RangeError(`Cannot link as queueBytes must be >= 0: ${queueBytes}`);
  }
  for (const name of ['loss', 'duplicate', 'reorder'] as const) {
    const chance = options[name] ?? 0;
    if (!(chance >= 0 && chance <= 1)) {
      throw new RangeError(`Cannot link as ${name} must be 0 to 1: ${chance}`);
    }
  }
}
