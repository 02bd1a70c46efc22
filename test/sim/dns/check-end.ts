// What must hold when the weather is good again.
import { toError } from '@hawser/core';
import {
  type DnsClient,
  type RRset,
  type TransferableZone,
  validateZone,
  type Zone,
} from '@hawser/dns';
import { contentOf, isSame, linesOf } from './content.ts';
import type { Copy } from './copy.ts';
import { key, origin } from './key.ts';
import type { Primary } from './primary.ts';
import type { Traits } from './traits.ts';
import { transferred } from './transferred.ts';
import type { DnsWatch } from './watch.ts';

/** What is looked at. */
export interface EndCheck {
  readonly watch: DnsWatch;
  readonly traits: Traits;
  readonly primary: Primary;
  readonly copies: readonly Copy[];
  readonly client: DnsClient;
}

/** Versions from which changes are asked for over the network, at each server. */
const MAX_TRANSFERS = 6;
/** Everybody has the same, on its disk too; every way from an earlier version leads there; nothing with a lease is left. */
export async function checkEnd(check: EndCheck): Promise<void> {
  const { watch, primary, copies } = check;
  const end = primary.zone?.snapshot;
  if (end === undefined) throw new Error('There is no primary in the end');
  checkLeases(check);
  checkSignatures(check);
  for (const [at, server] of [primary, ...copies].entries()) {
    const { zone, host } = server;
    if (zone?.snapshot === undefined) continue;
    watch.checkContent(host.name, zone.snapshot);
    if (!isSame(contentOf(zone.snapshot), contentOf(end)))
      watch.broken.push(`${host.name} differs`);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await checkDisk(server, watch, end);
    // oxlint-disable-next-line no-await-in-loop
    await checkJournals(server, zone, check);
    // oxlint-disable-next-line no-await-in-loop
    await checkTransfers(server, end, { ...check, at });
  }
  watch.check();
}

/** Everything is signed as it changes, and not only when the server starts. */
export function checkSignatures({
  watch,
  traits,
  primary,
}: Pick<EndCheck, 'watch' | 'traits' | 'primary'>): void {
  const { zone } = primary;
  if (traits.signed && zone !== undefined) watch.broken.push(...validateZone(zone.snapshot));
}

function checkLeases({ watch, primary }: EndCheck): void {
  for (const name of watch.leased)
    if (primary.zone?.get(name) !== undefined) watch.broken.push(`"${name}" stays for ever`);
}

async function checkDisk(
  { host, disk }: Primary | Copy,
  watch: DnsWatch,
  end: Zone,
): Promise<void> {
  const stored = await disk.content.load(origin);
  const rrsets: RRset[] = [];
  for await (const page of stored?.pages ?? []) rrsets.push(...page);
  if (!isSame(linesOf(rrsets), contentOf(end)))
    watch.broken.push(`the disk of ${host.name} differs`);
}

/** Who has the changes since a serial has those that lead to what there is. The original has all, where none are forgotten. */
async function checkJournals(
  { host }: Primary | Copy,
  zone: TransferableZone,
  { watch, traits, primary }: EndCheck,
): Promise<void> {
  const isComplete = zone === primary.zone && !traits.shortJournal;
  for (const { zone: start } of watch.versions.values()) {
    // oxlint-disable-next-line no-await-in-loop
    const changes = await zone.journal(start.serial);
    if (changes === undefined) {
      if (isComplete) watch.broken.push(`${host.name} forgot what came after ${start.serial}`);
      continue;
    }
    let made = start;
    for (const { changes: all } of changes) {
      const edits = all.map(({ name, type, after }) => ({ name, type, rrset: after }));
      made = made.change(edits)?.zone ?? made;
    }
    if (!isSame(contentOf(made), contentOf(zone.snapshot ?? start)))
      watch.broken.push(`the changes of ${host.name} since ${start.serial} lead elsewhere`);
  }
}

/** AXFR gives what there is, and so does IXFR. */
async function checkTransfers(
  { host, address }: Primary | Copy,
  end: Zone,
  { watch, client, at }: EndCheck & { readonly at: number },
): Promise<void> {
  const versions = [...watch.versions.values()].map(({ zone }) => zone);
  const step = Math.ceil(versions.length / MAX_TRANSFERS);
  // Others at each server.
  const bases = versions.filter((_, index) => index % step === at % step);
  for (const base of [undefined, ...bases]) {
    const from = base && { serial: base.serial, content: contentOf(base) };
    try {
      // oxlint-disable-next-line no-await-in-loop
      const got = await transferred({ client, origin, server: address, key, base: from });
      if (got.style === 'changes') watch.increments += 1;
      if (
        got.style === 'current' ? base?.serial !== end.serial : !isSame(got.content, contentOf(end))
      )
        watch.broken.push(`${host.name} transfers something else since ${base?.serial}`);
    } catch (error) {
      const why = toError(error).message;
      watch.broken.push(`${host.name} transfers nothing since ${base?.serial}: ${why}`);
    }
  }
}
