import type { Reactor } from '../src/contract/reactor.ts';

/** What not every reactor can do: `silentAddress`: an address that never answers can be connected to. */
export type ReactorCapability = 'silentAddress';

/** The reactors under test: make one for each run of a case, and close it afterwards. */
export interface ReactorHarness {
  /** Two reactors that reach each other, or one and the same. */
  readonly server: Reactor;
  readonly client: Reactor;
  /** The IP address at which the client reaches the server. It is the server's own. */
  readonly host: string;
  /** An address at which nobody answers, not even to refuse. */
  readonly silentHost?: string | undefined;
  /** What went to the reports of either. */
  readonly problems: readonly { readonly where: string; readonly error: unknown }[];
  /** Waits for an answer, and lets the time pass that it needs. */
  readonly wait: <T>(answer: PromiseLike<T>) => Promise<T>;
  /** Lets time pass on the clocks of both. */
  readonly elapse: (ms: number) => Promise<void>;
}

/** One claim about reactors. */
export interface ReactorCase {
  readonly name: string;
  readonly needs?: readonly ReactorCapability[] | undefined;
  /** Rejects when the reactor breaks the claim. */
  run(harness: ReactorHarness): Promise<void>;
}
