// SvcParams of SVCB and HTTPS records (RFC 9460 §2): a list of keys and values in rising order of the keys.
import { type Field, parseField } from './field.ts';
import { Octets } from './octets.ts';
import { formatKey, formOf, type ParameterValue, parseKey } from './parameter-forms.ts';
import { escapeText, writeOctets } from './string-fields.ts';
import type { Words } from './words.ts';

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
const EQUALS = 0x3d;

/** Parameters by key: `{ alpn: ['h2', 'h3'], port: 8443, ipv4hint: ['192.0.2.1'] }`; `true` where there is no value. */
export type ServiceParameters = Readonly<Record<string, ParameterValue | undefined>>;

/** Any number of parameters, up to the end. */
export const serviceParameters: Field = {
  fallback: {},
  end: (wire, at) => {
    const found = readParameters(wire, at);
    return found !== undefined && brokenRule(found) === undefined ? wire.length : -1;
  },
  print: (wire, at) => {
    const words: string[] = [];
    for (const [key, octets] of readParameters(wire, at) ?? []) {
      const value = formOf(key).print(octets);
      words.push(value === undefined ? formatKey(key) : `${formatKey(key)}=${printValue(value)}`);
    }
    return words.join(' ');
  },
  parse: (words, out) => {
    const found = new Map<number, Buffer>();
    while (words.more) readParameter(words, found);
    const rule = brokenRule(found);
    if (rule !== undefined) words.fail(rule);
    writeParameters(found, out);
  },
  toValue: (wire, at) => {
    const values: Record<string, ParameterValue> = {};
    for (const [key, octets] of readParameters(wire, at) ?? []) {
      const value = formOf(key).toValue(octets);
      if (value === undefined) return undefined;
      values[formatKey(key)] = value;
    }
    return values;
  },
  fromValue: (value, out) => {
    if (typeof value === 'string') return parseField(serviceParameters, value, out);
    if (typeof value !== 'object' || value === null) return false;
    const found = new Map<number, Buffer>();
    for (const [name, each] of Object.entries(value as ServiceParameters)) {
      if (each === undefined) continue;
      const key = parseKey(name);
      const octets = key === undefined ? undefined : formOf(key).fromValue(each);
      if (key === undefined || octets === undefined || found.has(key)) return false;
      found.set(key, octets);
    }
    writeParameters(found, out);
    return true;
  },
};

/** The parameters on the wire, or undefined if they are not in order or leave it. */
function readParameters(wire: Buffer, from: number): Map<number, Buffer> | undefined {
  const found = new Map<number, Buffer>();
  let last = -1;
  for (let at = from; at < wire.length; ) {
    if (at + 4 > wire.length) return undefined;
    const key = wire.readUInt16BE(at);
    const end = at + 4 + wire.readUInt16BE(at + 2);
    if (key <= last || end > wire.length) return undefined;
    found.set(key, wire.subarray(at + 4, end));
    last = key;
    at = end;
  }
  return found;
}

/** The rule that parameters break among each other or one by itself (§2.2, §7.1.1, §8). */
function brokenRule(found: ReadonlyMap<number, Buffer>): string | undefined {
  for (const [key, octets] of found) {
    if (!formOf(key).valid(octets)) return `the value of ${formatKey(key)} has another form`;
  }
  if (found.has(NO_DEFAULT_ALPN) && !found.has(ALPN)) return 'no-default-alpn needs alpn';
  const needed = found.get(MANDATORY) ?? Buffer.alloc(0);
  for (let at = 0; at < needed.length; at += 2) {
    const key = needed.readUInt16BE(at);
    if (!found.has(key)) return `${formatKey(key)} is mandatory and missing`;
  }
  return undefined;
}

/** Reads `key`, `key=value` or `key="value"`. */
function readParameter(words: Words, found: Map<number, Buffer>): void {
  words.take();
  const { bytes, start, end } = words;
  // Not further than the word goes: there may be 60,000 of them without a value.
  let equals = start;
  while (equals < end && bytes[equals] !== EQUALS) equals++;
  const name = bytes.toString('latin1', start, equals);
  const key = words.quoted ? undefined : parseKey(name);
  if (key === undefined) return words.fail('it is a key such as alpn, port or key667');
  if (found.has(key)) return words.fail(`${formatKey(key)} is given once`);
  if (equals === end - 1 && words.quoteFollows) words.take();
  else words.start = Math.min(equals + 1, end);
  const value = new Octets(words.end - words.start);
  writeOctets(words, value);
  const text = value.copy() ?? Buffer.alloc(0);
  // By its number a key has its octets as they are (§2.1).
  const octets = name === formatKey(key) ? formOf(key).parse(text) : text;
  if (octets === undefined) return words.fail(`the value of ${formatKey(key)} has another form`);
  found.set(key, octets);
}

function writeParameters(found: ReadonlyMap<number, Buffer>, out: Octets): void {
  for (const [key, octets] of [...found].sort(([one], [other]) => one - other)) {
    out.u16(key);
    out.u16(octets.length);
    out.append(octets);
  }
}

function printValue(value: Buffer): string {
  const text = escapeText(value, 0, value.length);
  return /^[\w./:+=-]+(?:,[\w./:+=-]+)*$/.test(text) ? text : `"${text}"`;
}
