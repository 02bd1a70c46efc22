import { usageError } from '../errors.ts';
import { Name } from '../name.ts';
import { Class, Opcode } from '../numbers.ts';
import type { EdnsStart } from './edns.ts';
import { Flag } from './header.ts';
import type { DnsQuestion } from './parse-message.ts';
import type { Section } from './reader.ts';
import type { DnsRecord } from './record.ts';
import { MAX_MESSAGE_BYTES, MessageWriter } from './writer.ts';

/** What {@link buildMessage} writes. A `DnsMessage` is one. */
export interface MessageContent {
  readonly id: number;
  /** Bits of `Flag`. @defaultValue 0 */
  readonly flags?: number | undefined;
  /** @defaultValue QUERY */
  readonly opcode?: number | undefined;
  /** Above 15 only together with `edns`. @defaultValue NOERROR */
  readonly rcode?: number | undefined;
  readonly question?: DnsQuestion | undefined;
  readonly answer?: readonly DnsRecord[] | undefined;
  readonly authority?: readonly DnsRecord[] | undefined;
  readonly additional?: readonly DnsRecord[] | undefined;
  readonly edns?: EdnsStart | undefined;
  /** Octets to keep free for a signature. @defaultValue 0 */
  readonly reserveBytes?: number | undefined;
  /** @defaultValue 65535 */
  readonly maxBytes?: number | undefined;
}

/** What {@link buildQuery} asks. */
export interface QueryContent extends Omit<MessageContent, 'question' | 'rcode'> {
  readonly name: Name | string;
  readonly type: number;
  /** @defaultValue IN */
  readonly class?: number | undefined;
  /** @defaultValue RD */
  readonly flags?: number | undefined;
}

let shared: MessageWriter | undefined;

/**
 * The octets of a message.
 * @throws UsageError `HAWSER_DNS_OPTIONS` if it is longer than allowed
 */
export function buildMessage(content: MessageContent): Buffer {
  const { id, flags = 0, opcode = Opcode.Query, question, edns, reserveBytes } = content;
  const { maxBytes = MAX_MESSAGE_BYTES } = content;
  shared ??= new MessageWriter();
  const writer = shared;
  writer.begin({ id, flags: (flags & ~0x780f) | (opcode << 11), maxBytes, reserveBytes, edns });
  if (question !== undefined) writer.ask(question.name, question.type, question.class);
  const whole =
    fits(writer, 'answer', content.answer) &&
    fits(writer, 'authority', content.authority) &&
    fits(writer, 'additional', content.additional);
  if (!whole) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot build the message as it must have at most ${maxBytes} octets`,
    );
  }
  return writer.finish(content.rcode ?? 0);
}

/**
 * The octets of a question, with RD set unless `flags` says otherwise. Records may go along, such as the SOA of IXFR, the
 * changes of UPDATE, the news of NOTIFY.
 * @throws UsageError `HAWSER_DNS_NAME` for a bad name, `HAWSER_DNS_OPTIONS` if the message is longer than allowed
 */
export function buildQuery(query: QueryContent): Buffer {
  const { name, type, class: klass = Class.IN, flags = Flag.RecursionDesired, ...rest } = query;
  const asked = typeof name === 'string' ? Name.parse(name) : name;
  return buildMessage({ ...rest, flags, question: { name: asked, type, class: klass } });
}

function fits(
  writer: MessageWriter,
  section: Section,
  records: readonly DnsRecord[] | undefined,
): boolean {
  return records === undefined || records.every((record) => writer.record(section, record));
}
