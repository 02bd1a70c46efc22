// Keys as text: the files that `tsig-keygen` writes, and what `dig -y` takes. No error ever shows a part of the text, as that
// may be a secret.
import { usageError } from '../errors.ts';
import { findAlgorithm, type TsigAlgorithmName } from './algorithm.ts';
import { type TsigKey, type TsigKeyOptions, tsigKey } from './key.ts';

/**
 * The key of `hmac-sha256:name:c2VjcmV0`, as `dig -y` and `nsupdate -y` take it; without an algorithm it is for hmac-sha256.
 * @throws UsageError `HAWSER_DNS_KEY`, `HAWSER_DNS_NAME`
 */
export function parseTsigKey(text: string, options: TsigKeyOptions = {}): TsigKey {
  const parts = text.trim().split(':');
  const [algorithm, name, secret] = parts.length === 2 ? ['hmac-sha256', ...parts] : parts;
  if (parts.length > 3 || algorithm === undefined || name === undefined || secret === undefined) {
    throw usageError('HAWSER_DNS_KEY', 'Cannot read a key as it must be "algorithm:name:secret"');
  }
  return makeKey({ algorithm, name, secret, line: undefined }, options);
}

/**
 * The keys of a file of BIND: `key "name" { algorithm hmac-sha256; secret "c2VjcmV0"; };`, any number of them, with comments.
 * Other statements are not taken.
 * @throws UsageError `HAWSER_DNS_KEY` with the line, `HAWSER_DNS_NAME`
 */
export function parseTsigKeyFile(text: string, options: TsigKeyOptions = {}): TsigKey[] {
  const tokens = tokensOf(text);
  const keys: TsigKey[] = [];
  let at = 0;
  const next = (): Token => tokens[at++] ?? { text: '', line: text.split('\n').length };
  const expect = (...wanted: readonly string[]): string => {
    const token = next();
    if (!wanted.includes(token.text)) throw misplaced(token.line, wanted.join(' or '));
    return token.text;
  };
  while (at < tokens.length) {
    if (tokens[at]?.text === ';') {
      at++;
      continue;
    }
    expect('key');
    const { text: name, line } = next();
    expect('{');
    const parts: Partial<Record<string, string>> = {};
    for (let word = expect('algorithm', 'secret', '}'); word !== '}'; ) {
      parts[word] = next().text;
      expect(';');
      word = expect('algorithm', 'secret', '}');
    }
    const { algorithm, secret } = parts;
    if (algorithm === undefined || secret === undefined) {
      throw misplaced(line, 'a key with an algorithm and a secret');
    }
    keys.push(makeKey({ name, algorithm, secret, line }, options));
  }
  return keys;
}

interface KeyText {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
  readonly line: number | undefined;
}

/** BIND writes how much of a MAC is sent behind the algorithm, in bits: `hmac-sha256-128` is hmac-sha256 cut to 16 octets. */
function makeKey({ name, algorithm, secret, line }: KeyText, options: TsigKeyOptions): TsigKey {
  const match = /^(hmac-\w+?(?:\.sig-alg\.reg\.int)?\.?)(?:-(\d{2,3}))?$/i.exec(algorithm);
  const found = findAlgorithm(match?.[1] ?? '');
  if (match === null || found === undefined) {
    const where = line === undefined ? '' : ` in line ${line}`;
    throw usageError('HAWSER_DNS_KEY', `Cannot read a key${where} as its algorithm is unknown`);
  }
  const macBytes = match[2] === undefined ? options.macBytes : Number(match[2]) / 8;
  return tsigKey(name, found.name as TsigAlgorithmName, secret, { ...options, macBytes });
}

interface Token {
  readonly text: string;
  readonly line: number;
}

/** Words, quoted strings without their quotes, and `{ } ;`; comments of all three kinds are skipped. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\/\*[^]*?\*\/|\/\/.*|#.*|"([^"\n]*)"|([{};])|([^\s{};"#]+)|\S/g;
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(pattern)) {
    for (; counted < match.index; counted++) if (text.charCodeAt(counted) === 10) line++;
    const word = match[1] ?? match[2] ?? match[3];
    if (word !== undefined) tokens.push({ text: word, line });
    else if (!/^(?:\/[/*]|#)/.test(match[0])) throw misplaced(line, 'a whole string');
  }
  return tokens;
}

function misplaced(line: number, wanted: string): Error {
  return usageError(
    'HAWSER_DNS_KEY',
    `Cannot read the key file: line ${line} should have ${wanted}`,
  );
}
