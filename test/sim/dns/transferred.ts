// What a client makes of a transfer: by the letter of RFC 5936 and RFC 1995, and by no code of the copies.
import { type DnsClient, type DnsRecord, type Name, type TsigKey, Type } from '@hawser/dns';
import { type Content, lineOfRecord } from './content.ts';

/** What is asked for. */
export interface TransferWish {
  readonly client: DnsClient;
  readonly origin: Name;
  readonly server: string;
  readonly key: TsigKey;
  /** What there is already. @defaultValue nothing: everything is asked for */
  readonly base?: { readonly serial: number; readonly content: Content } | undefined;
}

/** What came of it. */
export interface Transferred {
  readonly serial: number;
  readonly content: Content;
  readonly style: 'zone' | 'changes' | 'current';
}

/** Throws as the transfer does, and Error if the changes cannot be made. */
export async function transferred(wish: TransferWish): Promise<Transferred> {
  const { client, origin, server, key, base } = wish;
  const options = { serial: base?.serial, key, timeoutMs: 4_000, deadlineMs: 20_000 };
  const transfer = client.transfer(origin, server, options);
  const records: DnsRecord[] = [];
  for await (const part of transfer) for (const record of part) records.push(record);
  const { serial = 0, style = 'zone' } = transfer;
  if (style === 'current') return { serial, style, content: base?.content ?? new Set() };
  const content = style === 'zone' ? new Set(records.map(lineOfRecord)) : changed(wish, records);
  return { serial, style, content };
}

function changed({ base, origin }: TransferWish, records: readonly DnsRecord[]): Content {
  const content = new Set(base?.content);
  let removing = false;
  for (const record of records.slice(1, -1)) {
    if (record.type === Type.SOA && record.name.equals(origin)) removing = !removing;
    const line = lineOfRecord(record);
    if (!removing) content.add(line);
    else if (!content.delete(line))
      throw new Error(`A change takes away what is not there: ${line}`);
  }
  return content;
}
