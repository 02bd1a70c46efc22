// Updates that come to a copy are for the original (RFC 2136 §6).
import { createHash } from 'node:crypto';
import type { Reports } from '@hawser/core';
import { DnsClientError } from '../client/client-error.ts';
import type { DnsClient } from '../client/dns-client.ts';
import { type Answer, answerWith, codeAnswer, type Silence, silence } from '../contract/answer.ts';
import type { DnsQuery } from '../contract/query.ts';
import { usageError } from '../errors.ts';
import { EdnsOption, type EdnsOptionData, optionIn } from '../message/edns.ts';
import { recordsOf, type Section } from '../message/reader.ts';
import { type DnsRecord, readRecord } from '../message/record.ts';
import { ExtendedErrorCode, Opcode, Rcode, Type } from '../numbers.ts';
import { canonicalRdata } from '../rdata/canonical-rdata.ts';
import type { CheckedPrimary } from './secondary-options.ts';

/** Longest wait for the primary. An update is not sent twice, as it might count twice. */
const FORWARD = { timeoutMs: 10_000, attempts: 1, stream: true };
/** Updates of one zone on their way at a time. Those that are more are SERVFAIL: whoever sent them may come again. */
const MAX_WAITING = 100;
/** Of these, how many may say the same. Two clients may want the same at once; an update that comes back says it ever again. */
const MAX_ALIKE = 4;

/** Where updates go, and who hears what is wrong with that. */
export interface ForwardTo {
  readonly client: DnsClient;
  readonly primary: CheckedPrimary;
  readonly reports: Reports;
}

/**
 * Sends the updates of one zone on to its primary. Copies that name each other as primary would send them round for ever, as a
 * message does not say where it has been: what comes back is known by what it says, as long as it waits for its own answer.
 */
export class UpdateForwarder {
  /** How many wait, by the digest of what they say. */
  readonly #alike = new Map<string, number>();
  #waiting = 0;
  #circleReported = false;

  /**
   * Sends an update on and gives what the primary says. Its own signature was checked here and is not for the primary, which
   * gets ours (RFC 8945 §5.5). How long what it adds shall live (RFC 9664) is part of what it wants: without that it would
   * stay for ever.
   */
  async forward(query: DnsQuery, to: ForwardTo): Promise<Answer> {
    const sections = sectionsOf(query);
    if (sections === undefined) return codeAnswer(Rcode.FormErr);
    if (this.#waiting >= MAX_WAITING) return codeAnswer(Rcode.ServFail);
    const digest = digestOf(sections);
    if (this.#countOf(digest) >= MAX_ALIKE) return this.#circle(query, to);
    return await this.#counted(digest, () => send(query, sections, to));
  }

  /**
   * Sends an update on as it is, but for its id, and gives the octets of the reply: it is signed with a key that the primary may
   * know, and we do not (RFC 8945 §5.5). The same octets are not on their way twice: that is a client that lost its patience,
   * or a circle.
   */
  async forwardUnchanged(query: DnsQuery, to: ForwardTo): Promise<Buffer | Answer | Silence> {
    const { bytes } = query.message;
    const digest = createHash('sha256').update(bytes.subarray(2)).digest('base64');
    // Who asks over UDP again hears the reply to what he sent first.
    if (this.#countOf(digest) > 0)
      return query.transport === 'udp' ? silence : this.#circle(query, to);
    if (this.#waiting >= MAX_WAITING) return codeAnswer(Rcode.ServFail);
    return await this.#counted(digest, () => sendUnchanged(bytes, to));
  }

  #countOf(digest: string): number {
    return this.#alike.get(digest) ?? 0;
  }

  async #counted<T extends Answer | Buffer>(
    digest: string,
    forwarding: () => Promise<T>,
  ): Promise<T> {
    this.#waiting += 1;
    this.#alike.set(digest, this.#countOf(digest) + 1);
    try {
      const said = await forwarding();
      if (rcodeOf(said) === Rcode.NoError) this.#circleReported = false;
      return said;
    } finally {
      this.#waiting -= 1;
      const left = this.#countOf(digest) - 1;
      if (left === 0) this.#alike.delete(digest);
      else this.#alike.set(digest, left);
    }
  }

  /** Said once, until one arrives where it should. */
  #circle({ name }: DnsQuery, { primary, reports }: ForwardTo): Answer {
    if (!this.#circleReported) {
      this.#circleReported = true;
      const text = `Cannot forward an update of "${name}" as others like it wait for ${primary.place.host} already, which may forward to us`;
      reports.problem(`dns.secondary ${name}`, usageError('HAWSER_DNS_OPTIONS', text));
    }
    const errors = [{ code: ExtendedErrorCode.Other, text: 'this update goes round in a circle' }];
    return answerWith(Rcode.ServFail, { errors });
  }
}

function rcodeOf(said: Answer | Buffer): number {
  return Buffer.isBuffer(said) ? (said[3] ?? 0) & 15 : said.rcode;
}

interface Sections {
  readonly answer: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

async function send(query: DnsQuery, sections: Sections, to: ForwardTo): Promise<Answer> {
  const request = {
    name: query.name,
    type: Type.SOA,
    opcode: Opcode.Update,
    ...sections,
    options: leaseIn(query),
  };
  try {
    const { server, key } = to.primary;
    const { rcode, edns } = await to.client.exchange(request, server, { ...FORWARD, key });
    const granted = edns?.options.filter(({ code }) => code === EdnsOption.UpdateLease) ?? [];
    return granted.length === 0 ? codeAnswer(rcode) : answerWith(rcode, { options: granted });
  } catch (error) {
    if (error instanceof DnsClientError) return codeAnswer(Rcode.ServFail);
    throw error;
  }
}

async function sendUnchanged(
  bytes: Buffer,
  { client, primary }: ForwardTo,
): Promise<Buffer | Answer> {
  try {
    const { timeoutMs } = FORWARD;
    return (await client.forward(bytes, primary.server, { timeoutMs })).bytes;
  } catch (error) {
    if (error instanceof DnsClientError) return codeAnswer(Rcode.ServFail);
    throw error;
  }
}

function sectionsOf(query: DnsQuery): Sections | undefined {
  const answer = recordsIn(query, 'answer');
  const authority = recordsIn(query, 'authority');
  const additional = recordsIn(query, 'additional');
  if (answer === undefined || authority === undefined || additional === undefined) return undefined;
  return { answer, authority, additional };
}

/** What an update says, however it is written: servers on its way may compress names, and so change the case of letters. */
function digestOf({ answer, authority, additional }: Sections): string {
  const hash = createHash('sha256');
  for (const section of [answer, authority, additional]) {
    hash.update(`section ${section.length} `);
    for (const { name, type, class: klass, ttl, rdata } of section) {
      const data = rdata === undefined ? '' : canonicalRdata(type, rdata);
      hash.update(`${name.key} ${type} ${klass} ${ttl} ${data.length} `, 'latin1').update(data);
    }
  }
  return hash.digest('base64');
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
