// Handlers behind a responder, asked by clients of any address.
import type { Address } from '@hawser/core';
import { type CollectedReports, createTestReactor } from '@hawser/core/testing';
import { EdnsOption } from '../../src/message/edns.ts';
import { parseType } from '../../src/numbers.ts';
import type { QueryContext } from '../../src/server/query.ts';
import { Responder } from '../../src/server/responder.ts';
import type { Served } from '../../src/server/to-handlers.ts';
import { opt, query, type RawRecord } from '../build.ts';
import { type ReadReply, readReply } from '../read-reply.ts';
import { oneMessage } from '../server/one-message.ts';

export interface AskOptions {
  /** Address of the client, or a whole one. */
  readonly from?: string | Address;
  readonly transport?: QueryContext['transport'];
  /** Adds an OPT record. */
  readonly edns?: boolean;
  /** Adds a client subnet option with these octets. */
  readonly subnet?: Uint8Array;
}

export interface Asking {
  readonly reactor: ReturnType<typeof createTestReactor>;
  readonly reports: CollectedReports;
  readonly responder: Responder;
  /** The reply to `"name TYPE"`. Throws if there is none. */
  readonly ask: (question: string, options?: AskOptions) => Promise<ReadReply>;
  /** Its octets; undefined for silence. */
  readonly send: (bytes: Buffer, options?: AskOptions) => Promise<Buffer | undefined>;
}

/** Starts a responder with `served`. */
export async function asking(served: Served): Promise<Asking> {
  const reactor = createTestReactor();
  const responder = new Responder(served, { cookies: false, rateLimit: false });
  await responder.start(reactor);
  const send: Asking['send'] = async (bytes, { from = '192.0.2.99', transport = 'udp' } = {}) =>
    oneMessage(await responder.respond(bytes, { transport, client: toAddress(from) }));
  return {
    reactor,
    reports: reactor.reports,
    responder,
    send,
    async ask(question, options = {}) {
      const [name = '', type = 'A'] = question.split(' ');
      const additionals = optOf(options);
      return readReply(await send(query(name, parseType(type), { additionals }), options));
    },
  };
}

function optOf({ edns = false, subnet }: AskOptions): RawRecord[] {
  if (subnet === undefined) return edns ? [opt()] : [];
  const rdata = Buffer.concat([Buffer.of(0, EdnsOption.ClientSubnet, 0, subnet.length), subnet]);
  return [opt({ rdata })];
}

function toAddress(from: string | Address): Address {
  if (typeof from !== 'string') return from;
  return { kind: 'udp', host: from, port: 4000, family: from.includes(':') ? 6 : 4 };
}
