// A zone with its history in memory, to transfer from.

import type { Outcome } from '../../src/contract/answer.ts';
import { codeAnswer } from '../../src/contract/answer.ts';
import type { TransferableZone } from '../../src/contract/live-zone.ts';
import type { DnsQuery } from '../../src/contract/query.ts';
import { answerZone } from '../../src/handlers/answer-zone.ts';
import { Name } from '../../src/name.ts';
import { parseType, Rcode } from '../../src/numbers.ts';
import type { RecordValue } from '../../src/rdata/value.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import type { ChangeSet, Edit, Zone } from '../../src/zone/zone.ts';

export function rrset(name: string, type: string, ...values: readonly RecordValue[]): RRset {
  return createRRset(Name.parse(name), parseType(type), { ttl: 300, values });
}

export function putting(...rrsets: readonly RRset[]): Edit[] {
  return rrsets.map((each) => ({ name: each.name, type: each.type, rrset: each }));
}

export function removing(name: string, type: string): Edit {
  return { name: Name.parse(name), type: parseType(type), rrset: undefined };
}

export class JournaledZone implements TransferableZone {
  readonly origin: Name;
  snapshot: Zone | undefined;
  expiresInSeconds: number | undefined;
  /** Undefined: it was not kept. */
  changes: ChangeSet[] = [];
  readonly #listeners = new Set<(changeSet: ChangeSet) => void>();

  constructor(origin = 'example.net', options: Parameters<typeof newZone>[1] = {}) {
    this.origin = Name.parse(origin);
    this.snapshot = newZone(this.origin, options);
  }

  get zone(): Zone {
    if (this.snapshot === undefined) throw new Error('there is no content');
    return this.snapshot;
  }

  change(...edits: readonly Edit[]): ChangeSet {
    const changed = this.zone.change(edits);
    if (changed === undefined) throw new Error('nothing changed');
    this.snapshot = changed.zone;
    this.changes.push(changed.changeSet);
    for (const listener of this.#listeners) listener(changed.changeSet);
    return changed.changeSet;
  }

  /** Hosts with addresses, so that the zone is larger than a change of it. */
  fill(count: number): this {
    const hosts = Array.from({ length: count }, (_, index) =>
      rrset(`host${index}.${this.origin}`, 'A', `192.0.2.${index % 250}`),
    );
    this.change(...putting(...hosts));
    this.changes = [];
    return this;
  }

  async journal(serial: number): Promise<readonly ChangeSet[] | undefined> {
    const first = this.changes.findIndex(({ from }) => from === serial);
    return first < 0 ? undefined : this.changes.slice(first);
  }

  onChange(listener: (changeSet: ChangeSet) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  handle(query: DnsQuery): Outcome {
    return this.snapshot === undefined
      ? codeAnswer(Rcode.ServFail)
      : answerZone(this.snapshot, query);
  }
}
