const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(\\.${LABEL})*$`);

/**
 * Values by server name: an exact name before a wildcard. `*.example.net` stands for one label, so for
 * `a.example.net` but neither for `a.b.example.net` nor for `example.net` (RFC 6125 §6.4.3).
 */
export class ServerNames<T> {
  readonly #values = new Map<string, T>();

  /** @throws TypeError if a key is neither a DNS name nor a wildcard */
  constructor(values: Readonly<Record<string, T>>) {
    for (const [pattern, value] of Object.entries(values)) {
      const name = normal(pattern);
      if (!isName(name.replace(/^\*\./, ''))) {
        const rule = 'it must be a DNS name or *. and a name';
        throw new TypeError(`Cannot serve the name as ${rule}: ${JSON.stringify(pattern)}`);
      }
      if (this.#values.has(name)) {
        throw new TypeError(`Cannot serve the name as it is given twice: ${JSON.stringify(name)}`);
      }
      this.#values.set(name, value);
    }
  }

  find(serverName: string | undefined): T | undefined {
    if (serverName === undefined) return undefined;
    const name = normal(serverName);
    const dot = name.indexOf('.');
    // The peer may ask for a name that is a pattern of ours; that is no name.
    if (name.startsWith('*')) return undefined;
    return (
      this.#values.get(name) ?? (dot > 0 ? this.#values.get(`*${name.slice(dot)}`) : undefined)
    );
  }
}

/** The DNS name a client asks for, as names are compared; `undefined` if what it says is none. */
export function toServerName(asked: string): string | undefined {
  const name = normal(asked);
  return isName(name) ? name : undefined;
}

function isName(name: string): boolean {
  return name.length <= 253 && NAME.test(name);
}

/** Names are compared without case and without the dot of the root (RFC 4343, RFC 1034 §3.1). */
function normal(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
