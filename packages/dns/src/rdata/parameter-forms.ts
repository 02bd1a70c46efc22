// What each SvcParam holds (RFC 9460 §7, RFC 9461 §5, RFC 9540 §4). The text of a value is what its character-string says,
// escapes resolved; lists have escapes of their own inside it (RFC 9460 appendix A.1).
import { isUtf8 } from 'node:buffer';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './address.ts';
import { decode } from './binary-fields.ts';

const SLASH = 0x2f;

/** The value of a SvcParam as a program writes and reads it. */
export type ParameterValue = string | number | true | readonly string[] | Uint8Array;

/** One key. `Octets` are the value on the wire. */
interface ParameterForm {
  valid(octets: Buffer): boolean;
  /** The value as a program reads it; undefined if text cannot hold it. */
  toValue(octets: Buffer): ParameterValue | undefined;
  /** The octets, or undefined. */
  fromValue(value: unknown): Buffer | undefined;
  /** The character-string of the value; undefined if it has none. */
  print(octets: Buffer): Buffer | undefined;
  /** The octets of a character-string, or undefined. Without one `octets` is empty. */
  parse(octets: Buffer): Buffer | undefined;
}

/** Keys by name. */
const parameterNumbers: ReadonlyMap<string, number> = new Map([
  ['mandatory', 0],
  ['alpn', 1],
  ['no-default-alpn', 2],
  ['port', 3],
  ['ipv4hint', 4],
  ['ech', 5],
  ['ipv6hint', 6],
  ['dohpath', 7],
  ['ohttp', 8],
]);

const parameterNames = new Map([...parameterNumbers].map(([name, key]) => [key, name]));

/** `"alpn"`, or `"key667"`. */
export function formatKey(key: number): string {
  return parameterNames.get(key) ?? `key${key}`;
}

/** The number of a key by its name or as `key667`; undefined for no key. 65535 is reserved. */
export function parseKey(text: string): number | undefined {
  const known = parameterNumbers.get(text);
  if (known !== undefined) return known;
  const match = /^key(0|[1-9]\d{0,4})$/.exec(text);
  const key = Number(match?.[1]);
  return match !== null && key < 65_535 ? key : undefined;
}

/** What a key holds; those without a rule hold anything. */
export function formOf(key: number): ParameterForm {
  return forms[key] ?? opaque;
}

const opaque: ParameterForm = {
  valid: () => true,
  toValue: (octets) => (octets.length === 0 ? true : textOf(octets)),
  fromValue: (value) => {
    if (value === true) return Buffer.alloc(0);
    if (typeof value === 'string') return Buffer.from(value);
    return value instanceof Uint8Array ? Buffer.from(value) : undefined;
  },
  print: (octets) => (octets.length === 0 ? undefined : octets),
  parse: (octets) => octets,
};

/** Present or not. */
const flag: ParameterForm = {
  ...opaque,
  valid: (octets) => octets.length === 0,
  toValue: () => true,
  fromValue: (value) => (value === true ? Buffer.alloc(0) : undefined),
};

const mandatory = listOf({
  valid: (octets) => {
    const keys = uint16s(octets);
    const rising = keys.every((key, index) => index === 0 || key > (keys[index - 1] ?? 0));
    return octets.length > 0 && octets.length % 2 === 0 && rising && keys[0] !== 0;
  },
  items: (octets) => uint16s(octets).map(formatKey),
  encode: (items) => {
    const keys = items.map(parseKey).sort((one, other) => (one ?? 0) - (other ?? 0));
    return keys.includes(undefined) ? undefined : fromUint16s(keys as number[]);
  },
});

const alpn: ParameterForm = {
  valid: (octets) => {
    let at = 0;
    while (at < octets.length && octets[at] !== 0) at += 1 + (octets[at] ?? 0);
    return octets.length > 0 && at === octets.length;
  },
  toValue: (octets) => {
    const ids = strings(octets).map(textOf);
    return ids.includes(undefined) ? undefined : (ids as string[]);
  },
  fromValue: (value) => {
    const ids: unknown[] = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
    if (!ids.every((id): id is string => typeof id === 'string')) return undefined;
    return withLengths(ids.map((id) => Buffer.from(id)));
  },
  print: (octets) => Buffer.from(strings(octets).map(escapeItem).join(','), 'latin1'),
  parse: (octets) =>
    withLengths(splitItems(octets.toString('latin1')).map((id) => Buffer.from(id, 'latin1'))),
};

const port: ParameterForm = {
  valid: (octets) => octets.length === 2,
  toValue: (octets) => octets.readUInt16BE(0),
  fromValue: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff
      ? fromUint16s([value])
      : undefined,
  print: (octets) => Buffer.from(String(octets.readUInt16BE(0))),
  parse: (octets) => {
    const text = octets.toString('latin1');
    return /^\d{1,5}$/.test(text) ? port.fromValue(Number(text)) : undefined;
  },
};

const ech: ParameterForm = {
  valid: (octets) => octets.length > 0,
  toValue: (octets) => octets.toString('base64'),
  fromValue: (value) => {
    if (value instanceof Uint8Array) return Buffer.from(value);
    return typeof value === 'string' ? decode('base64', value) : undefined;
  },
  print: (octets) => Buffer.from(octets.toString('base64')),
  parse: (octets) => decode('base64', octets.toString('latin1')),
};

/** A URI template with the variable `dns` (RFC 9461 §5). */
const dohpath: ParameterForm = {
  ...opaque,
  valid: (octets) => octets[0] === SLASH && isUtf8(octets) && expandsDns(octets.toString()),
};

/** True if an expression of `template` has the variable. One pass over it: whoever sends us a record chose the text. */
function expandsDns(template: string): boolean {
  const [, ...rest] = template.split('{');
  return rest.some((text) => {
    const end = text.indexOf('}');
    return end >= 0 && /(?:^|\W)dns(?:\W|$)/.test(text.slice(0, end));
  });
}

const forms: readonly (ParameterForm | undefined)[] = [
  mandatory,
  alpn,
  flag,
  port,
  addresses(4, formatIPv4, parseIPv4),
  ech,
  addresses(16, formatIPv6, parseIPv6),
  dohpath,
  flag,
];

interface List {
  readonly valid: (octets: Buffer) => boolean;
  readonly items: (octets: Buffer) => string[];
  readonly encode: (items: readonly string[]) => Buffer | undefined;
}

/** Items that have no comma in them. */
function listOf({ valid, items, encode }: List): ParameterForm {
  return {
    valid,
    toValue: items,
    fromValue: (value) => {
      const list: unknown[] =
        typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
      return list.every((item): item is string => typeof item === 'string')
        ? encode(list)
        : undefined;
    },
    print: (octets) => Buffer.from(items(octets).join(',')),
    parse: (octets) => encode(octets.toString('latin1').split(',')),
  };
}

function addresses(
  size: number,
  format: (octets: Uint8Array) => string,
  read: (text: string) => Buffer | undefined,
): ParameterForm {
  return listOf({
    valid: (octets) => octets.length > 0 && octets.length % size === 0,
    items: (octets) =>
      Array.from({ length: octets.length / size }, (_, index) =>
        format(octets.subarray(index * size, (index + 1) * size)),
      ),
    encode: (items) => {
      const found = items.map(read);
      return found.includes(undefined) ? undefined : Buffer.concat(found as Buffer[]);
    },
  });
}

function uint16s(octets: Buffer): number[] {
  return Array.from({ length: octets.length >> 1 }, (_, index) => octets.readUInt16BE(index * 2));
}

function fromUint16s(values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function strings(octets: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 1 + (octets[at] ?? 0)) {
    found.push(octets.subarray(at + 1, at + 1 + (octets[at] ?? 0)));
  }
  return found;
}

function withLengths(items: readonly Buffer[]): Buffer | undefined {
  if (items.some(({ length }) => length === 0 || length > 255)) return undefined;
  return Buffer.concat(items.flatMap((item) => [Uint8Array.of(item.length), item]));
}

function escapeItem(item: Buffer): string {
  return item.toString('latin1').replace(/[\\,]/g, '\\$&');
}

/** Items between commas; a backslash makes the character behind it one like any other. */
function splitItems(text: string): string[] {
  const items = [''];
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === ',') {
      items.push('');
      continue;
    }
    const kept = char === '\\' ? (text[++at] ?? '') : char;
    items[items.length - 1] += kept;
  }
  return items;
}

function textOf(octets: Buffer): string | undefined {
  return isUtf8(octets) ? octets.toString() : undefined;
}
