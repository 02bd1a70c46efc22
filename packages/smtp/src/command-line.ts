// Cuts the input into command lines: RFC 5321 §2.3.8, only CRLF ends a line.

/** What the head of the input is. */
export type CommandLine =
  /** Not a whole line yet. */
  | { readonly kind: 'more' }
  /** A line, without its CRLF, and what follows. */
  | { readonly kind: 'line'; readonly line: Buffer; readonly rest: Buffer }
  /** A CR or LF that is not part of CRLF: two servers may disagree where this command ends. */
  | { readonly kind: 'bare' }
  | { readonly kind: 'long' };

const CR = 0x0d;
const LF = 0x0a;

/** Takes one command line off `input`. A line may have `maxBytes` bytes, its CRLF included. */
export function takeCommandLine(input: Buffer, maxBytes: number): CommandLine {
  const end = input.indexOf(LF);
  if (end < 0) return { kind: input.length > maxBytes ? 'long' : 'more' };
  if (end >= maxBytes) return { kind: 'long' };
  const line = input.subarray(0, end);
  const firstCr = line.indexOf(CR);
  if (firstCr < 0 || firstCr !== end - 1) return { kind: 'bare' };
  return { kind: 'line', line: line.subarray(0, -1), rest: input.subarray(end + 1) };
}
