// A message to a server as a program gives it, and its octets.
import { buildMessage, type MessageContent } from '../message/build-message.ts';
import type { EdnsOptionData, EdnsStart } from '../message/edns.ts';
import { Name } from '../name.ts';
import { Class, parseType } from '../numbers.ts';

/** One message that asks something, without what the client adds for each try: its id, OPT, cookies, a signature. */
export interface DnsRequest
  extends Pick<MessageContent, 'opcode' | 'answer' | 'authority' | 'additional'> {
  readonly name: Name | string;
  /** A number, or text such as `"AAAA"`. */
  readonly type: number | string;
  /** @defaultValue IN */
  readonly class?: number | undefined;
  /** Bits of `Flag`: RD to have the server look further. @defaultValue 0 */
  readonly flags?: number | undefined;
  /** DO: signatures are wanted (RFC 4035 §3.2.1). Not sent to a server without EDNS. @defaultValue false */
  readonly dnssecOk?: boolean | undefined;
  /** EDNS options beside those the client sends by itself. Not sent to a server without EDNS. */
  readonly options?: readonly EdnsOptionData[] | undefined;
}

/** What differs from try to try. */
export interface RequestStyle {
  readonly id: number;
  /** What to add to the options of the request; undefined to send no OPT. */
  readonly edns: Omit<EdnsStart, 'dnssecOk'> | undefined;
  /** Octets to keep free for a signature. */
  readonly reserveBytes: number;
}

/**
 * The octets of `request`.
 * @throws UsageError for a bad name or type, or if it is longer than a message can be
 */
export function encodeRequest(request: DnsRequest, style: RequestStyle): Buffer {
  const { name, type, class: klass, dnssecOk, options, ...content } = request;
  const { id, edns, reserveBytes } = style;
  return buildMessage({
    ...content,
    id,
    question: { name: nameOf(name), type: typeOf(type), class: klass ?? Class.IN },
    reserveBytes,
    edns: edns && { ...edns, dnssecOk, options: [...(options ?? []), ...(edns.options ?? [])] },
  });
}

/** A name, of text if that was given. @throws UsageError `HAWSER_DNS_NAME` */
export function nameOf(name: Name | string): Name {
  return typeof name === 'string' ? Name.parse(name) : name;
}

/** A type, of text if that was given. @throws UsageError `HAWSER_DNS_NUMBER` */
export function typeOf(type: number | string): number {
  return typeof type === 'string' ? parseType(type) : type;
}
