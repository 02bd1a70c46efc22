/** How one option of an endpoint string is read and written. */
export interface OptionKind<T> {
  /** What a value must be, for errors: "true or false". */
  readonly rule: string;
  /** `undefined` when the text breaks the rule. */
  parse(text: string): T | undefined;
  format(value: T): string;
}

/** The kinds of all options in `T`. */
export type OptionKinds<T> = { readonly [K in keyof T]-?: OptionKind<NonNullable<T[K]>> };

/** A whole number. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionKind<number> {
  return {
    rule: max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`,
    parse(text) {
      const value = Number(text);
      return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
    },
    format: String,
  };
}

/** Permission bits. */
export const octal: OptionKind<number> = {
  rule: 'octal, such as 660',
  parse: (text) => (/^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined),
  format: (value) => value.toString(8).padStart(3, '0'),
};

export const boolean: OptionKind<boolean> = {
  rule: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  format: String,
};

/** Text that is not empty. */
export const nonEmpty: OptionKind<string> = {
  rule: 'some text',
  parse: (text) => text || undefined,
  format: (value) => value,
};

/** Names with commas between. */
export const names: OptionKind<readonly string[]> = {
  rule: 'names with commas between',
  parse(text) {
    const list = text.split(',');
    return list.includes('') ? undefined : list;
  },
  format: (value) => value.join(','),
};

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): OptionKind<W> {
  return {
    rule: words.join(' or '),
    parse: (text) => words.find((word) => word === text),
    format: (value) => value,
  };
}
