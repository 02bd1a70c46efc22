/** Randomness. Seeded in the simulation, so that a run can be replayed. */
export interface Random {
  /** `count` unpredictable bytes. */
  bytes(count: number): Buffer;
  /** A number in [0, 1). Not for secrets. */
  float(): number;
}
