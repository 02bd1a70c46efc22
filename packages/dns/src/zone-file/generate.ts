// $GENERATE: records that differ by a number, as BIND writes them.
import type { Words } from '../rdata/words.ts';

/** Numbers a $GENERATE runs through, ends included. */
interface GenerateRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

const MAX_NUMBER = 0x7fff_ffff;
/** Widest number that is asked for; a label has 63 octets. */
const MAX_WIDTH = 255;

/** Reads `1-254` or `0-100/2`. */
export function readRange(words: Words): GenerateRange {
  words.reading = 'range of $GENERATE';
  words.take();
  const match = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(words.text());
  const [from, to, step] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 1)];
  if (match === null || to > MAX_NUMBER || from > to || step === 0) {
    return words.fail('it is written from-to or from-to/step');
  }
  return { from, to, step };
}

/**
 * `template` for `value`: `$` is the number, `${offset,width,base}` the number in another form, `\$` and `$$` are a dollar.
 * Bases are d, o, x, X, and n or N for hexadecimal digits in reverse with dots between. Undefined if it is malformed.
 */
export function expandTemplate(template: string, value: number): string | undefined {
  let valid = true;
  const text = template.replace(
    /\\.|\$\$|\$\{([^}]*)\}|\$\{?/gs,
    (found: string, modifiers: string | undefined) => {
      if (found === '\\$' || found === '$$') return '$';
      if (found.startsWith('\\')) return found;
      const shown = found === '$' ? String(value) : modified(modifiers ?? '?', value);
      valid &&= shown !== undefined;
      return shown ?? '';
    },
  );
  return valid ? text : undefined;
}

function modified(modifiers: string, value: number): string | undefined {
  const match = /^([+-]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?$/.exec(modifiers);
  const number = value + Number(match?.[1]);
  const width = Number(match?.[2] ?? 0);
  if (match === null || width > MAX_WIDTH || Math.abs(number) > MAX_NUMBER) return undefined;
  const base = match[3] ?? 'd';
  if (base === 'n' || base === 'N') return number < 0 ? undefined : nibbles(number, width, base);
  const radix = base === 'd' ? 10 : base === 'o' ? 8 : 16;
  const digits = Math.abs(number).toString(radix);
  const sign = number < 0 ? '-' : '';
  const padded = sign + digits.padStart(width - sign.length, '0');
  return base === 'X' ? padded.toUpperCase() : padded;
}

/** The width counts the dots: an even one ends in a dot, as with BIND. */
function nibbles(number: number, width: number, base: 'n' | 'N'): string {
  let text = '';
  let rest = number;
  let left = width;
  do {
    text += (rest & 15).toString(16);
    rest >>>= 4;
    left--;
    if (left > 0 || rest > 0) {
      text += '.';
      left--;
    }
  } while (left > 0 || rest > 0);
  return base === 'N' ? text.toUpperCase() : text;
}
