import { toFactory } from '../src/connection/factory.ts';
import type { CloseReason } from '../src/contract/close-reason.ts';
import type { FactoryLike } from '../src/contract/factory.ts';
import { type Cuts, chunkings } from './chunkings.ts';
import type { CollectedReports } from './collected-reports.ts';
import { FakeTransport } from './fake-transport.ts';
import { createTestReactor, type TestReactorOptions } from './test-reactor.ts';

/** Options for {@link feed}. */
export interface FeedOptions {
  /** @defaultValue 'every' */
  readonly cuts?: Cuts | undefined;
  /** Send the end of input after the bytes. @defaultValue false */
  readonly end?: boolean | undefined;
  /** For the reactor of each run. */
  readonly reactor?: TestReactorOptions | undefined;
}

/** What a protocol did with its input. */
export interface Fed {
  readonly written: Buffer;
  /** Why the connection ended; `undefined` if it is still open. */
  readonly closedWith: CloseReason | undefined;
  readonly problems: CollectedReports['problems'];
}

/**
 * Feeds `input` to a fresh protocol for each way of cutting it, and gives what the protocol did with it in one piece.
 * When the protocol aborts, the cuts may differ in how much of its answer had left by then, but in nothing else.
 * @throws Error when another way of cutting leads to other bytes, another close reason or other problems
 */
export async function feed(
  factory: FactoryLike,
  input: Uint8Array | string,
  options: FeedOptions = {},
): Promise<Fed> {
  const { cuts = 'every' } = options;
  const bytes = Buffer.from(input);
  const whole = await feedOnce(factory, [Buffer.from(bytes)], options);
  for (const chunks of chunkings(bytes, cuts)) {
    const cut = await feedOnce(factory, chunks, options);
    if (isSame(cut, whole)) continue;
    const lengths = chunks.map((chunk) => chunk.length).join('+');
    throw new Error(
      `Cannot cut the input as ${lengths} bytes: it gave ${describe(cut)} instead of ${describe(whole)}`,
    );
  }
  return whole;
}

async function feedOnce(
  factory: FactoryLike,
  chunks: Buffer[],
  options: FeedOptions,
): Promise<Fed> {
  const reactor = createTestReactor(options.reactor);
  const transport = new FakeTransport({ reactor });
  transport.adopt(toFactory(factory));
  for (const chunk of chunks) {
    transport.receive(chunk);
    await transport.settle();
  }
  if (options.end) transport.receiveEnd();
  await transport.settle();
  const { closedWith } = transport;
  return { written: transport.take(), closedWith, problems: reactor.reports.problems };
}

function isSame(cut: Fed, whole: Fed): boolean {
  if (outcome(cut) !== outcome(whole)) return false;
  if (whole.closedWith?.kind !== 'protocol' && whole.closedWith?.kind !== 'aborted') {
    return cut.written.equals(whole.written);
  }
  // An abort drops what the same callback had written, which is more the larger the chunk.
  const common = Math.min(cut.written.length, whole.written.length);
  return cut.written.subarray(0, common).equals(whole.written.subarray(0, common));
}

function outcome({ closedWith, problems }: Fed): string {
  const errors = problems.map((each) => String(each.error));
  return `${closedWith?.kind ?? 'open'}, problems [${errors.join('; ')}]`;
}

function describe(fed: Fed): string {
  return `${JSON.stringify(fed.written.toString('latin1'))}, ${outcome(fed)}`;
}
