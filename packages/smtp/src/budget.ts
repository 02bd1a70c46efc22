/** How much a client may ask for. Commands are counted since the last accepted message. */
export interface BudgetLimits {
  readonly maxCommands: number;
  readonly maxIdleCommands: number;
  readonly maxErrors: number;
}

/** Commands that bring a message forward; all others are idle talk when there are many of them. */
const WORK = new Set(['MAIL', 'RCPT', 'DATA']);

/** Counts what a session costs. */
export class Budget {
  readonly #limits: BudgetLimits;
  #commands = 0;
  #idleCommands = 0;
  #errors = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Counts a command; false when the session has had enough. */
  command(line: Buffer): boolean {
    this.#commands += 1;
    if (!WORK.has(line.toString('latin1', 0, 4).toUpperCase())) this.#idleCommands += 1;
    const { maxCommands, maxIdleCommands } = this.#limits;
    return this.#commands <= maxCommands && this.#idleCommands <= maxIdleCommands;
  }

  /** Counts a refusal; false when the session has had enough. */
  refused(): boolean {
    this.#errors += 1;
    return this.#errors < this.#limits.maxErrors;
  }

  accepted(): void {
    this.#commands = 0;
    this.#idleCommands = 0;
  }
}
