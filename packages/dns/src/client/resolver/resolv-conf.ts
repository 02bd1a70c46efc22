// resolv.conf(5): whom this machine asks, and how.
import { parseIp } from '@hawser/core';

/** What a resolv.conf says. */
export interface ResolvConf {
  /** IP addresses, at most three. */
  readonly servers: readonly string[];
  /** Names to try behind a name with few dots. */
  readonly search: readonly string[];
  /** A name with so many dots is tried as it is before anything else. */
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly rotate: boolean;
}

/** What the system does, more than which is ignored. */
const MAX = { servers: 3, search: 32, ndots: 15, timeoutSeconds: 30, attempts: 5 } as const;

/** Reads the text of a resolv.conf. What it does not know it ignores, as every system does. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let search: readonly string[] = [];
  const options: Options = { ndots: 1, timeoutMs: 5_000, attempts: 2, rotate: false };
  for (const line of text.split(/\r?\n/)) {
    const [keyword = '', ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    const [first = ''] = words;
    if (keyword === 'nameserver' && parseIp(first) !== undefined) servers.push(first);
    // The last of them wins; `domain` is a list of one.
    else if (keyword === 'search') search = words.slice(0, MAX.search);
    else if (keyword === 'domain') search = first === '' ? [] : [first];
    else if (keyword === 'options') Object.assign(options, readOptions(words));
  }
  return {
    ...options,
    servers: servers.length === 0 ? ['127.0.0.1'] : servers.slice(0, MAX.servers),
    search: search.filter((name) => name !== '.'),
  };
}

type Options = Pick<ResolvConf, 'ndots' | 'timeoutMs' | 'attempts' | 'rotate'>;

function readOptions(words: readonly string[]): Partial<Options> {
  const options: { -readonly [Key in keyof Options]?: Options[Key] } = {};
  for (const word of words) {
    const [name, value = ''] = word.split(':');
    const number = /^\d{1,6}$/.test(value) ? Number(value) : undefined;
    if (name === 'rotate') options.rotate = true;
    else if (number === undefined) continue;
    else if (name === 'ndots') options.ndots = Math.min(number, MAX.ndots);
    else if (name === 'attempts') options.attempts = Math.min(Math.max(number, 1), MAX.attempts);
    else if (name === 'timeout')
      options.timeoutMs = Math.min(Math.max(number, 1), MAX.timeoutSeconds) * 1_000;
  }
  return options;
}
