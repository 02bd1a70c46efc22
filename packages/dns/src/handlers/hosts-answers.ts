// Answers made of the names and addresses of a hosts file.

import type { HostsFile } from '../client/resolver/hosts-file.ts';
import { reverseName } from '../client/resolver/reverse-name.ts';
import { type Answer, answerWith } from '../contract/answer.ts';
import { Name } from '../name.ts';
import { Rcode, Type } from '../numbers.ts';
import type { RecordValue } from '../rdata/value.ts';
import { createRRset, MAX_RECORDS } from '../zone/rrset.ts';

type ByType = Map<number, Answer>;

const noSuchType = answerWith(Rcode.NoError, { authoritative: true });

/** Looks answers up by `Name.key` and type. */
export class HostsAnswers {
  readonly #byName = new Map<string, ByType>();
  readonly #ttl: number;

  /** Names that are none are left out, as are addresses with a zone. */
  constructor(file: HostsFile, ttl: number) {
    this.#ttl = ttl;
    const addresses = new Set<string>();
    for (const [text, known] of file.entries()) {
      const name = parseName(text);
      if (name === undefined) continue;
      const hosts = known.filter(({ host }) => !host.includes('%'));
      for (const { host } of hosts) addresses.add(host);
      for (const [type, family] of [
        [Type.A, 4],
        [Type.AAAA, 6],
      ] as const) {
        this.#add(
          name,
          type,
          hosts.filter((each) => each.family === family).map(({ host }) => host),
        );
      }
    }
    for (const host of addresses) {
      const names = file.namesOf(host).filter((name) => parseName(name) !== undefined);
      this.#add(reverseName(host), Type.PTR, names);
    }
  }

  /** The answer, or undefined for what is not in the file. A name that has an address of one kind has none of the other. */
  get(key: string, type: number): Answer | undefined {
    const byType = this.#byName.get(key);
    const known = byType?.get(type);
    if (known !== undefined || byType === undefined) return known;
    if (type === Type.ANY) return byType.values().next().value;
    return (type === Type.A || type === Type.AAAA) && !byType.has(Type.PTR)
      ? noSuchType
      : undefined;
  }

  #add(name: Name, type: number, values: readonly RecordValue[]): void {
    if (values.length === 0) return;
    const rrset = createRRset(name, type, { ttl: this.#ttl, values: values.slice(0, MAX_RECORDS) });
    const byType = this.#byName.get(name.key) ?? new Map<number, Answer>();
    byType.set(
      type,
      answerWith(Rcode.NoError, {
        authoritative: true,
        answer: [{ rrset, owner: 'question' }],
        shared: true,
      }),
    );
    this.#byName.set(name.key, byType);
  }
}

function parseName(text: string): Name | undefined {
  try {
    return Name.parse(text);
  } catch {
    return undefined;
  }
}
