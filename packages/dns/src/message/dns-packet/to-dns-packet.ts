import { EdnsOption } from '../edns.ts';
import { ednsCodecs } from '../edns-option.ts';
import { Flag } from '../header.ts';
import type { DnsMessage, MessageEdns } from '../parse-message.ts';
import type { DnsRecord } from '../record.ts';
import type { DnsPacket, DnsPacketOption, DnsPacketRecord } from './dns-packet.ts';
import { classText, opcodeText, optionText, rcodeText, typeText } from './mnemonics.ts';
import { nameText, toPacketData } from './record-data.ts';

/** The first bit of the class of a record: in multicast DNS, that it replaces others (RFC 6762 §10.2). */
const FLUSH = 0x8000;

/**
 * `message` in the shape dns-packet decodes to. Nothing is lost: octets in names that dns-packet would change are escaped
 * (`a\.b` is one label), data it would damage stays octets. A signature is not part of it. Buffers in it are copies.
 */
export function toDnsPacket(message: DnsMessage): DnsPacket {
  const { id, flags, opcode, rcode, question, edns } = message;
  const additionals = message.additional.map(toRecord);
  if (edns !== undefined) additionals.push(toOpt(edns, rcode));
  return {
    id,
    type: (flags & Flag.Response) === 0 ? 'query' : 'response',
    flags: (flags | (opcode << 11) | (rcode & 15)) & 0x7fff,
    flag_qr: (flags & Flag.Response) !== 0,
    opcode: opcodeText(opcode),
    flag_aa: (flags & Flag.Authoritative) !== 0,
    flag_tc: (flags & Flag.Truncated) !== 0,
    flag_rd: (flags & Flag.RecursionDesired) !== 0,
    flag_ra: (flags & Flag.RecursionAvailable) !== 0,
    flag_z: (flags & 0x40) !== 0,
    flag_ad: (flags & Flag.AuthenticData) !== 0,
    flag_cd: (flags & Flag.CheckingDisabled) !== 0,
    rcode: rcodeText(rcode),
    questions:
      question === undefined
        ? []
        : [
            {
              name: nameText(question.name),
              type: typeText(question.type),
              class: classText(question.class),
            },
          ],
    answers: message.answer.map(toRecord),
    authorities: message.authority.map(toRecord),
    additionals,
  };
}

function toRecord({ name, type, class: klass, ttl, rdata }: DnsRecord): DnsPacketRecord {
  // An update without data is told from one with empty data by its class alone.
  const data = rdata === undefined ? Buffer.alloc(0) : toPacketData(type, rdata.wire);
  return {
    name: nameText(name),
    type: typeText(type),
    ttl,
    class: classText(klass & ~FLUSH),
    flush: (klass & FLUSH) !== 0,
    data,
  };
}

function toOpt(edns: MessageEdns, rcode: number): DnsPacketRecord {
  const { dnssecOk, compactOk, udpSize, version, options } = edns;
  return {
    name: '.',
    type: 'OPT',
    udpPayloadSize: udpSize,
    extendedRcode: rcode >> 4,
    ednsVersion: version,
    flags: (dnssecOk ? 0x8000 : 0) | (compactOk ? 0x4000 : 0),
    flag_do: dnssecOk,
    options: options.map(({ code, data }) => toOption(code, Buffer.from(data))),
  };
}

function toOption(code: number, data: Buffer): DnsPacketOption {
  const option = { code, type: optionText(code), data };
  if (code === EdnsOption.ClientSubnet) {
    const subnet = ednsCodecs.clientSubnet.decode(data);
    if (subnet === undefined) return option;
    const { sourcePrefix, scopePrefix = 0, address: ip } = subnet;
    return {
      ...option,
      family: data.readUInt16BE(0),
      sourcePrefixLength: sourcePrefix,
      scopePrefixLength: scopePrefix,
      ip,
    };
  }
  if (code === EdnsOption.Keepalive && data.length === 2) {
    return { ...option, timeout: data.readUInt16BE(0) };
  }
  if (code === EdnsOption.KeyTag && data.length % 2 === 0) {
    const tags = Array.from({ length: data.length / 2 }, (_, index) =>
      data.readUInt16BE(index * 2),
    );
    return { ...option, tags };
  }
  return option;
}
