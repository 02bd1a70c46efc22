// Handlers behind a responder, asked with octets.
import type { Reactor } from '@hawser/core';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { buildQuery, type QueryContent } from '../../src/message/build-message.ts';
import { type DnsMessage, parseMessage } from '../../src/message/parse-message.ts';
import { formatType } from '../../src/numbers.ts';
import { decodeRdata } from '../../src/rdata/decode-rdata.ts';
import { Responder } from '../../src/server/responder.ts';

const client = { kind: 'udp', host: '192.0.2.200', port: 5300, family: 4 } as const;

export type Ask = (
  name: string,
  type?: number,
  more?: Partial<QueryContent>,
) => Promise<DnsMessage>;

/** Starts `handlers` on `reactor`, and gives how to ask them. */
export async function asking(
  reactor: Reactor,
  handlers: readonly DnsHandler[],
): Promise<{ readonly ask: Ask; readonly responder: Responder }> {
  const responder = new Responder(handlers, { rateLimit: false, cookies: false });
  await responder.start(reactor);
  let id = 1;
  const ask: Ask = async (name, type = 1, more = {}) => {
    const bytes = buildQuery({ id: id++, name, type, edns: { udpSize: 1232 }, ...more });
    const reply = await responder.respond(bytes, { transport: 'udp', client });
    if (!Buffer.isBuffer(reply)) throw new Error('there is no reply');
    const message = parseMessage(reply);
    if ('error' in message) throw new Error(message.error);
    return message;
  };
  return { ask, responder };
}

/** Records as lines. */
export function lines(records: DnsMessage['answer']): string[] {
  return records.map(({ name, ttl, type, rdata }) => {
    const value = rdata && decodeRdata(type, rdata);
    const text = typeof value === 'string' ? value : Object.values(value ?? {}).join(' ');
    return `${name} ${ttl} ${formatType(type)} ${text}`;
  });
}

/** Codes of extended errors. */
export function extendedErrors({ edns }: DnsMessage): number[] {
  return (edns?.options ?? []).flatMap(({ code, data }) =>
    code === 15 ? data.readUInt16BE() : [],
  );
}
