import { ipFamily } from '../connection/ip-literal.ts';
import { UsageError } from '../errors.ts';
import { Names } from './names.ts';
import type { Network } from './network.ts';
import { type HostOptions, type HostParts, makeHost, type SimHost } from './sim-host.ts';

/** A host, or its name. */
export type HostLike = SimHost | string;

/** Hosts of one side of a rule. */
export type Side = HostLike | readonly HostLike[];

/** The hosts of a simulation, by name, and what their names resolve to. */
export class HostTable {
  readonly names: Names = new Names();
  readonly #network: Network;
  readonly #hosts = new Map<string, HostParts>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** In the order they were made. */
  get all(): readonly HostParts[] {
    return [...this.#hosts.values()];
  }

  /**
   * Makes a host, or gives the one with that name.
   * @throws RangeError if an address is none, or is taken
   */
  make(name: string, options: HostOptions): HostParts {
    const known = this.#hosts.get(name);
    if (known) return known;
    const { addresses = [this.#nextAddress()] } = options;
    for (const address of addresses) {
      if (!ipFamily(address)) {
        throw new RangeError(`Cannot make host "${name}" as "${address}" is no IP address`);
      }
      if (this.#network.at(address)) {
        throw new RangeError(`Cannot make host "${name}" as ${address} is taken`);
      }
    }
    const made = makeHost(this.#network, { name, addresses, names: this.names, options });
    this.#hosts.set(name, made);
    this.names.set(name, addresses);
    return made;
  }

  /** @throws UsageError `HAWSER_NOT_AVAILABLE` if there is none */
  of(like: HostLike): HostParts {
    const name = typeof like === 'string' ? like : like.name;
    const parts = this.#hosts.get(name);
    if (!parts) throw new UsageError('HAWSER_NOT_AVAILABLE', `Cannot find host "${name}"`);
    return parts;
  }

  ofSide(side: Side): readonly HostParts[] {
    const list: readonly HostLike[] = Array.isArray(side) ? side : [side as HostLike];
    return list.map((each) => this.of(each));
  }

  namesOf(side: Side): readonly string[] {
    return this.ofSide(side).map(({ host }) => host.name);
  }

  /** The names of two sides; one alone is over against everybody, and none means no limit. */
  sides(
    one: Side | undefined,
    other: Side | undefined,
  ): readonly [readonly string[], readonly string[]] | undefined {
    if (one === undefined) return undefined;
    const everybody = [...this.#hosts.keys()];
    return [this.namesOf(one), other === undefined ? everybody : this.namesOf(other)];
  }

  #nextAddress(): string {
    for (let number = this.#hosts.size + 1; ; number++) {
      const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
      if (!this.#network.at(address)) return address;
    }
  }
}
