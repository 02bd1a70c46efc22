// Updates that come to a copy are for the original (RFC 2136 §6).

import { DnsClientError } from '../client/client-error.ts';
import type { DnsClient } from '../client/dns-client.ts';
import { type Answer, answerWith, codeAnswer } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import { EdnsOption, type EdnsOptionData, optionIn } from '../message/edns.ts';
import { recordsOf, type Section } from '../message/reader.ts';
import { type DnsRecord, readRecord } from '../message/record.ts';
import { Opcode, Rcode, Type } from '../numbers.ts';
import type { CheckedPrimary } from './secondary-options.ts';

/** Longest wait for the primary. An update is not sent twice, as it might count twice. */
const FORWARD = { timeoutMs: 10_000, attempts: 1, stream: true };

/**
 * Sends an update on and gives what the primary says. Its own signature was checked here and is not for the primary, which
 * gets ours. How long what it adds shall live (RFC 9664) is part of what it wants: without that it would stay for ever.
 */
export async function forwardUpdate(
  query: DnsQuery,
  { client, primary }: { readonly client: DnsClient; readonly primary: CheckedPrimary },
): Promise<Answer> {
  const answer = recordsIn(query, 'answer');
  const authority = recordsIn(query, 'authority');
  const additional = recordsIn(query, 'additional');
  if (answer === undefined || authority === undefined || additional === undefined)
    return codeAnswer(Rcode.FormErr);
  const request = {
    name: query.name,
    type: Type.SOA,
    opcode: Opcode.Update,
    answer,
    authority,
    additional,
    options: leaseIn(query),
  };
  try {
    const { server, key } = primary;
    const { rcode, edns } = await client.exchange(request, server, { ...FORWARD, key });
    const granted = edns?.options.filter(({ code }) => code === EdnsOption.UpdateLease) ?? [];
    return granted.length === 0 ? codeAnswer(rcode) : answerWith(rcode, { options: granted });
  } catch (error) {
    if (error instanceof DnsClientError) return codeAnswer(Rcode.ServFail);
    throw error;
  }
}

function leaseIn({ message }: DnsQuery): EdnsOptionData[] | undefined {
  const code = EdnsOption.UpdateLease;
  const data = optionIn(message.bytes, message.edns, code);
  return data && [{ code, data }];
}

/** The records of a section, without what belongs to the message itself. */
function recordsIn({ message }: DnsQuery, section: Section): DnsRecord[] | undefined {
  const records: DnsRecord[] = [];
  for (const view of recordsOf(message, section)) {
    if (view.type === Type.OPT || view.nameOffset === message.signatureOffset) continue;
    const record = readRecord(message, view);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records;
}
