import type { DrainReport } from './port.ts';
import type { Reactor } from './reactor.ts';

/** {@link DrainReport} counts by protocol name. */
export type DrainReports = Readonly<Record<string, DrainReport>>;

/**
 * Something that runs for a while. Started in order, rolled back if one fails, stopped in reverse, in phases:
 * `quiesce` stops taking new work, `drain` finishes what there is, `stop` ends the rest.
 */
export interface Service {
  readonly name: string;
  /** Starts. When it settles the service works; when it fails nothing of it is left behind. */
  start(reactor: Reactor): PromiseLike<void>;
  quiesce?(): PromiseLike<void>;
  /** Finishes work until `deadline`, in milliseconds on the reactor's clock. */
  drain?(deadline: number): PromiseLike<DrainReports>;
  stop(): PromiseLike<void>;
  /** One line for each thing that listens, for the person who starts the process. */
  describe?(): readonly string[];
}
