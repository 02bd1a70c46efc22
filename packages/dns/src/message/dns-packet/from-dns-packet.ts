import { usageError } from '../../errors.ts';
import { Name } from '../../name.ts';
import { Class, formatType, isMetaType } from '../../numbers.ts';
import { checkRdata } from '../../rdata/rdata.ts';
import type { MessageContent } from '../build-message.ts';
import { EdnsOption, type EdnsOptionData, type EdnsStart } from '../edns.ts';
import { ednsCodecs } from '../edns-option.ts';
import { Flag } from '../header.ts';
import type { DnsQuestion } from '../parse-message.ts';
import type { DnsRecord } from '../record.ts';
import type {
  DnsPacketLike,
  DnsPacketOption,
  DnsPacketQuestion,
  DnsPacketRecord,
} from './dns-packet.ts';
import { classNumber, opcodeNumber, optionNumber, rcodeNumber, typeNumber } from './mnemonics.ts';
import { fromPacketData } from './record-data.ts';

/** Of OPT where the packet does not say: what dns-packet takes, made safe from fragments. */
const UDP_SIZE = 1232;

/**
 * The message of `packet`, to be given to `buildMessage`. Stricter than dns-packet, which writes broken messages for what it
 * does not know, and `packet` is not changed.
 * @throws UsageError `HAWSER_DNS_NAME` for a bad name, `HAWSER_DNS_NUMBER` for an unknown type, class or code,
 * `HAWSER_DNS_RDATA` for data that does not fit its type or a bad TTL, `HAWSER_DNS_OPTIONS` for anything else a message cannot be
 */
export function fromDnsPacket(packet: DnsPacketLike): MessageContent {
  const { id = 0, questions = [], additionals = [] } = packet;
  if (!isUint(id, 0xffff)) throw wrong(`id ${id}`);
  if (questions.length > 1) throw wrong(`${questions.length} questions`);
  const opts = additionals.filter(isOpt);
  if (opts.length > 1) throw wrong('two OPT records');
  const [opt] = opts;
  const [question] = questions;
  const flags = flagsOf(packet);
  const rcode = packet.rcode === undefined ? flags & 15 : rcodeNumber(packet.rcode);
  return {
    id,
    flags: flags & ~0x780f,
    opcode: packet.opcode === undefined ? (flags >> 11) & 15 : opcodeNumber(packet.opcode),
    rcode: rcode | ((opt?.extendedRcode ?? 0) << 4),
    question: question && fromQuestion(question),
    answer: (packet.answers ?? []).map(fromRecord),
    authority: (packet.authorities ?? []).map(fromRecord),
    additional: additionals.filter((record) => !isOpt(record)).map(fromRecord),
    edns: opt && fromOpt(opt),
  };
}

function flagsOf(packet: DnsPacketLike): number {
  const { flags: given = 0, type } = packet;
  if (!isUint(given, 0xffff)) throw wrong(`flags ${given}`);
  const members: readonly [boolean | undefined, number][] = [
    [type === undefined ? undefined : type === 'response', Flag.Response],
    [packet.flag_aa, Flag.Authoritative],
    [packet.flag_tc, Flag.Truncated],
    [packet.flag_rd, Flag.RecursionDesired],
    [packet.flag_ra, Flag.RecursionAvailable],
    [packet.flag_ad, Flag.AuthenticData],
    [packet.flag_cd, Flag.CheckingDisabled],
  ];
  let flags = given;
  for (const [set, flag] of members) {
    if (set !== undefined) flags = set ? flags | flag : flags & ~flag;
  }
  return flags;
}

function fromQuestion({ name, type, class: klass = 'IN' }: DnsPacketQuestion): DnsQuestion {
  return { name: Name.parse(name), type: realType(type), class: classNumber(klass) };
}

function fromRecord(record: DnsPacketRecord): DnsRecord {
  const { ttl = 0, data, flush = false } = record;
  const name = Name.parse(record.name);
  const type = realType(record.type);
  const klass = classNumber(record.class ?? 'IN');
  if (!isUint(ttl, 0xffff_ffff)) throw wrongData(`a TTL of ${ttl} seconds`);
  const parts = { name, type, class: flush ? klass | 0x8000 : klass, ttl };
  const absent =
    data === undefined || data === null || (data instanceof Uint8Array && data.length === 0);
  if (absent && (klass === Class.ANY || klass === Class.NONE))
    return { ...parts, rdata: undefined };
  if (isMetaType(type)) throw wrongData(`a ${formatType(type)} record`);
  const rdata = checkRdata(type, fromPacketData(type, data));
  if (rdata === undefined) throw wrongData(`the data of the ${formatType(type)} record`);
  return { ...parts, rdata };
}

/** Type 0 is what dns-packet makes of a type it does not know. */
function realType(text: string): number {
  const type = typeNumber(text);
  if (type === 0) throw usageError('HAWSER_DNS_NUMBER', `Cannot use "${text}" as a DNS type`);
  return type;
}

function fromOpt(record: DnsPacketRecord): EdnsStart {
  const { udpPayloadSize = UDP_SIZE, extendedRcode = 0, ednsVersion = 0, flags = 0 } = record;
  if (record.name !== '.' && record.name !== '')
    throw wrong('an OPT record that is not of the root');
  if (!isUint(udpPayloadSize, 0xffff)) throw wrong(`a UDP size of ${udpPayloadSize}`);
  if (!isUint(extendedRcode, 0xff)) throw wrong(`the extended response code ${extendedRcode}`);
  if (ednsVersion !== 0) throw wrong(`version ${ednsVersion} of EDNS`);
  return {
    udpSize: udpPayloadSize,
    dnssecOk: record.flag_do ?? (flags & 0x8000) !== 0,
    compactOk: (flags & 0x4000) !== 0,
    options: (record.options ?? []).map(fromOption),
  };
}

function fromOption(option: DnsPacketOption): EdnsOptionData {
  const code = optionNumber(option.code);
  const { data, ip, sourcePrefixLength, scopePrefixLength, timeout, length, tags } = option;
  if (data !== undefined) return { code, data: Buffer.from(data) };
  if (code === EdnsOption.ClientSubnet && ip !== undefined && sourcePrefixLength !== undefined) {
    return ednsCodecs.clientSubnet.encode({
      address: ip,
      sourcePrefix: sourcePrefixLength,
      scopePrefix: scopePrefixLength,
    });
  }
  if (code === EdnsOption.Keepalive) {
    return ednsCodecs.keepalive.encode({ timeoutMs: timeout && timeout * 100 });
  }
  if (code === EdnsOption.Padding) return ednsCodecs.padding.encode(length ?? 0);
  if (code === EdnsOption.KeyTag && tags !== undefined) {
    return { code, data: Buffer.concat(tags.map((tag) => Buffer.of(tag >> 8, tag & 0xff))) };
  }
  return { code, data: Buffer.alloc(0) };
}

function isOpt(record: DnsPacketRecord): boolean {
  return record.type.toUpperCase() === 'OPT';
}

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function wrong(what: string): Error {
  return usageError('HAWSER_DNS_OPTIONS', `Cannot make a message with ${what}`);
}

function wrongData(what: string): Error {
  return usageError('HAWSER_DNS_RDATA', `Cannot make a message with ${what}`);
}
