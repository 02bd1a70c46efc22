import { expect, test } from 'vitest';
import type { ClientEndpoint } from '../../src/contract/endpoint.ts';
import { withoutPasswords } from '../../src/endpoints/bad-endpoint.ts';
import type { Login, TunnelTarget } from '../../src/endpoints/endpoint-scheme.ts';
import { HttpConnectClientEndpoint } from '../../src/endpoints/http-connect-endpoint.ts';
import { parseClientEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { ProcessClientEndpoint } from '../../src/endpoints/process-endpoint.ts';
import { Socks5ClientEndpoint } from '../../src/endpoints/socks5-endpoint.ts';
import { TcpClientEndpoint } from '../../src/endpoints/tcp-endpoint.ts';
import { UnixClientEndpoint } from '../../src/endpoints/unix-endpoint.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';

const HOSTS = ['a.example', '10.0.0.1', '::1', '2001:db8::7', 'a_b.c.', 'x'];
const SIGNS = [' ', ...': / @ ? # & = % + , . \' " * ~ \\ [ ] { } a é \u{1f600}'.split(' ')];

/** Makes values by chance, with whatever can stand in them. */
class Chance {
  readonly #random: SeededRandom;
  /** Every password there is, to look for it later. */
  readonly passwords: string[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  endpoint(): ClientEndpoint {
    let endpoint = this.#carrier();
    for (let left = this.#below(3); left > 0; left--) endpoint = this.#around(endpoint);
    return endpoint;
  }

  #carrier(): ClientEndpoint {
    const [port, host] = [1 + this.#below(65_535), this.#pick(HOSTS)];
    const timeoutMs = this.#below(2) ? 1 + this.#below(9_999) : undefined;
    switch (this.#below(3)) {
      case 0:
        return new TcpClientEndpoint({ host, port, ...(timeoutMs && { timeoutMs }) });
      case 1:
        return new UnixClientEndpoint({ path: `/${this.#text().replace(/^\/+/, '')}` });
      default:
        return new ProcessClientEndpoint({ command: `x${this.#text()}`, args: [this.#text(), ''] });
    }
  }

  #around(inner: ClientEndpoint): ClientEndpoint {
    const target: TunnelTarget = { host: this.#pick(HOSTS), port: 1 + this.#below(65_535) };
    const timeoutMs = 1 + this.#below(9_999);
    const used = String(inner).split(':')[0] ?? '';
    // Two of a kind cannot have options of their own.
    if (this.#below(2) && !used.includes('socks5')) {
      return new Socks5ClientEndpoint({ proxy: inner, target, login: this.#login(), timeoutMs });
    }
    if (used.includes('http-connect')) return inner;
    const login = this.#below(2) ? this.#login() : { user: 'me', password: undefined };
    return new HttpConnectClientEndpoint({ proxy: inner, target, login, timeoutMs });
  }

  #login(): Login {
    const password = `pw${this.#text()}`;
    this.passwords.push(password, encodeURIComponent(password));
    return { user: this.#text().replaceAll(':', '.'), password };
  }

  #text(): string {
    return Array.from({ length: 1 + this.#below(9) }, () => this.#pick(SIGNS)).join('');
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }

  #below(limit: number): number {
    return this.#random.below(limit);
  }
}

test.each([1, 2, 3, 4])('seed %i: the text of any client endpoint means the same', (seed) => {
  const chance = new Chance(seed);
  for (let i = 0; i < 400; i++) {
    const endpoint = chance.endpoint();
    const text = String(endpoint);
    const again = parseClientEndpoint(text);
    expect(again).toEqual(endpoint);
    expect(String(again)).toBe(text);
    const shown = withoutPasswords(text);
    for (const password of chance.passwords.splice(0)) expect(shown).not.toContain(password);
  }
});
