// Which questions a cache answers, and which of them are the same.
import type { DnsQuery } from '../contract/query.ts';
import { EdnsOption } from '../message/edns.ts';
import { Flag } from '../message/header.ts';
import { Class, isMetaType, Opcode, Type } from '../numbers.ts';

/** Bits of the header that make a difference to the answer. */
const FLAGS = Flag.RecursionDesired | Flag.AuthenticData | Flag.CheckingDisabled;

/** False for what is not the same for everybody, or no question at all. */
export function isCacheable(query: DnsQuery): boolean {
  if (query.opcode !== Opcode.Query || query.class !== Class.IN) return false;
  if (query.tsigKey !== undefined) return false;
  if (isMetaType(query.type) && query.type !== Type.ANY) return false;
  if (!query.optionBearing) return true;
  return query.edns?.options.some(({ code }) => code === EdnsOption.ClientSubnet) !== true;
}

/** Whatever makes a difference to the answer besides the name, as one number. */
export function variantOf({ type, flags, dnssecOk }: DnsQuery): number {
  return type * 0x1000 + ((flags & FLAGS) | (dnssecOk ? 1 : 0));
}
