/** What is bound to a port of a host. */
export interface Bound {
  readonly host: string;
  readonly port: number;
}

const FIRST_EPHEMERAL = 49_152;
const LAST_EPHEMERAL = 65_535;

/** Who has which port of a host. Free ports are given out in turn, so that a new one differs from those before. */
export class PortTable<B extends Bound> {
  readonly #byPort = new Map<number, B[]>();
  #nextPort = FIRST_EPHEMERAL;

  /** All, in the order they were bound. */
  get list(): readonly B[] {
    return [...this.#byPort.values()].flat();
  }

  /** Whether `host` and `port` can be bound. A wildcard takes the port of every address of its family; `::` of both. */
  isFree({ host, port }: Bound): boolean {
    return !(this.#byPort.get(port) ?? []).some((each) => overlap(each.host, host));
  }

  add(bound: B): void {
    const others = this.#byPort.get(bound.port);
    if (others) others.push(bound);
    else this.#byPort.set(bound.port, [bound]);
  }

  remove(bound: B): void {
    const others = (this.#byPort.get(bound.port) ?? []).filter((each) => each !== bound);
    if (others.length > 0) this.#byPort.set(bound.port, others);
    else this.#byPort.delete(bound.port);
  }

  clear(): void {
    this.#byPort.clear();
  }

  /** Who gets what comes to `host`: whoever bound exactly that, before a wildcard. */
  find(host: string, port: number): B | undefined {
    const bound = this.#byPort.get(port);
    return (
      bound?.find((each) => each.host === host) ?? bound?.find((each) => covers(each.host, host))
    );
  }

  /** A port that nobody has, nor is in `used`; `undefined` if there is none. */
  freePort(used: ReadonlySet<number> = new Set()): number | undefined {
    for (let tries = FIRST_EPHEMERAL; tries <= LAST_EPHEMERAL; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_EPHEMERAL ? FIRST_EPHEMERAL : port + 1;
      if (!this.#byPort.has(port) && !used.has(port)) return port;
    }
    return undefined;
  }
}

function overlap(one: string, other: string): boolean {
  return one === other || covers(one, other) || covers(other, one);
}

function covers(wildcard: string, host: string): boolean {
  if (wildcard === '::') return true;
  return wildcard === '0.0.0.0' && !host.includes(':');
}
