import type { BlockingHandler } from '@hawser/http';

/** Writes primes up to a number, one a line, found the slow way. It runs in a thread of its own and may block. */
export const primes: BlockingHandler<'/primes/:upTo'> = (request, answer) => {
  const upTo = Number(request.params.upTo);
  answer.start({ headers: { 'content-type': 'text/plain; charset=utf-8' } });
  let lines: string[] = [];
  for (let n = 2; n <= upTo; n++) {
    if (isPrime(n)) lines.push(`${n}\n`);
    if (n % 10_000 !== 0 && n < upTo) continue;
    // Nobody waits any more: this ends it.
    request.throwIfCancelled();
    answer.write(lines.join(''));
    lines = [];
  }
};

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
