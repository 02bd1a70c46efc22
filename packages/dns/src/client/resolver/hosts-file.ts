// hosts(5): names this machine knows by itself.
import { formatIp, parseIp, type ResolvedAddress } from '@hawser/core';

/** Names and their addresses, in the order of the file. */
export class HostsFile {
  readonly #addresses = new Map<string, ResolvedAddress[]>();
  readonly #names = new Map<string, string[]>();

  /** Reads the text of a hosts file. Lines that make no sense are ignored, as every system does. */
  constructor(text: string) {
    for (const line of text.split(/\r?\n/)) {
      const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
      const octets = parseIp(address);
      if (octets === undefined) continue;
      // A zone, as of `fe80::1%lo0`, belongs to the address.
      const host = address.includes('%') ? address : formatIp(octets);
      for (const name of names) {
        append(this.#addresses, name.toLowerCase(), { host, family: octets.length === 4 ? 4 : 6 });
        append(this.#names, host, name);
      }
    }
  }

  /** The addresses of `name`, which has no final dot. */
  addressesOf(name: string): readonly ResolvedAddress[] {
    return this.#addresses.get(name.toLowerCase()) ?? [];
  }

  /** Every name, in lower case, with its addresses. */
  entries(): Iterable<[string, readonly ResolvedAddress[]]> {
    return this.#addresses.entries();
  }

  /** The names of an address, in its shortest text. */
  namesOf(host: string): readonly string[] {
    return this.#names.get(host) ?? [];
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
