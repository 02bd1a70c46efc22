// How long a copy of a zone is good for (RFC 7314): a secondary that learns from another secondary must not outlive it.
import type { AnswerOption } from '../contract/answer.ts';
import type { TransferableZone } from '../contract/live-zone.ts';
import type { DnsQuery } from '../contract/query.ts';
import { EdnsOption } from '../message/edns.ts';
import type { Zone } from '../zone/zone.ts';

/** Where the expire field is, from the end of the data of a start of authority. */
const EXPIRE_FROM_END = 8;

/** Seconds that secondaries keep `zone` without hearing from a primary. */
function expireOf({ soa }: Zone): number {
  const wire = soa.records[0]?.wire;
  return wire === undefined ? 0 : wire.readUInt32BE(wire.length - EXPIRE_FROM_END);
}

/** What to send along with what `query` asks of `zone`: nothing, unless it wants to know when the zone expires. */
export function expireOptions(
  query: DnsQuery,
  zone: TransferableZone,
): readonly AnswerOption[] | undefined {
  const { snapshot } = zone;
  const wanted =
    query.optionBearing && query.edns?.options.some(({ code }) => code === EdnsOption.Expire);
  if (!wanted || snapshot === undefined) return undefined;
  const seconds = Math.max(0, Math.floor(zone.expiresInSeconds ?? expireOf(snapshot)));
  const data = Buffer.alloc(4);
  data.writeUInt32BE(Math.min(seconds, 0xffff_ffff));
  return [{ code: EdnsOption.Expire, data }];
}
