// Differential fuzzing: the same octets, cut the same way, to our reader and to the parser of node:http.
import { chunkings, SeededRandom } from '@hawser/core/testing';
import { compareReadings } from './compare-readings.ts';
import { compareResponses } from './compare-responses.ts';
import { generateRequests } from './generate-requests.ts';
import { generateResponses } from './generate-responses.ts';
import { mutate } from './mutate.ts';
import { NodeReader, readOurs } from './read-request.ts';
import { readAllByNode, readOurs as readOurResponse } from './read-response.ts';
import { accepted, refused } from './request-vectors.ts';
import { acceptedResponses, refusedResponses } from './response-vectors.ts';

/**
 * How often each outcome came up, how many messages with how many octets of bodies we read whole meanwhile, and the
 * shortest octets that led to it.
 */
export type Outcomes = Map<string, Outcome>;

export interface Outcome {
  count: number;
  messages: number;
  bodyBytes: number;
  example: string;
}

const BATCH = 200;
/** Mostly what we take: of what is refused at its first octets nothing can be learned. */
const SEEDS: readonly string[] = [
  ...Array.from({ length: 8 }, () => accepted.map(([sent]) => sent)).flat(),
  ...refused.map(([, sent]) => sent),
];

/** Compares the two readers over `count` mutants. */
export async function fuzzRequests(options: { count: number; seed: number }): Promise<Outcomes> {
  const random = new SeededRandom(options.seed);
  const node = new NodeReader();
  const outcomes: Outcomes = new Map();
  for (let done = 0; done < options.count; done += BATCH) {
    const inputs: Buffer[][] = [];
    for (let at = Math.min(BATCH, options.count - done); at > 0; at--) {
      const bytes = mutate({ seeds: SEEDS, generate: generateRequests }, random);
      const cuts = random.below(4) === 0 ? random.below(1_000_000) : 'whole';
      inputs.push(chunkings(bytes, cuts).next().value ?? []);
    }
    const theirs = await node.readAll(inputs);
    for (const [at, reading] of theirs.entries()) {
      const chunks = inputs[at] ?? [];
      const ours = readOurs(chunks);
      count(outcomes, compareReadings(ours, reading), { messages: ours.requests, chunks });
    }
  }
  return outcomes;
}

const RESPONSE_SEEDS: readonly string[] = [
  ...Array.from({ length: 4 }, () => acceptedResponses.map(([, sent]) => sent)).flat(),
  ...refusedResponses.map(([, , sent]) => sent),
];
/** Without CONNECT: whatever answers it, node takes it for a tunnel, also 100 and 404. */
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST'];

/** Compares the two readers of responses over `count` mutants, each the answer to one request. */
export async function fuzzResponses(options: { count: number; seed: number }): Promise<Outcomes> {
  const random = new SeededRandom(options.seed);
  const outcomes: Outcomes = new Map();
  for (let done = 0; done < options.count; done += BATCH) {
    const inputs: [string, Buffer[]][] = [];
    for (let at = Math.min(BATCH, options.count - done); at > 0; at--) {
      const bytes = mutate({ seeds: RESPONSE_SEEDS, generate: generateResponses }, random);
      const cuts = random.below(4) === 0 ? random.below(1_000_000) : 'whole';
      const method = METHODS[random.below(METHODS.length)] ?? 'GET';
      inputs.push([method, chunkings(bytes, cuts).next().value ?? []]);
    }
    const theirs = await readAllByNode(inputs);
    for (const [at, reading] of theirs.entries()) {
      const [method, chunks] = inputs[at] ?? ['GET', []];
      const ours = readOurResponse(method, chunks);
      count(outcomes, compareResponses(ours, reading), {
        messages: ours.response === undefined ? [] : [ours.response],
        chunks: [Buffer.from(`${method} `), ...chunks],
      });
    }
  }
  return outcomes;
}

/** What we made of some octets. */
interface Read {
  readonly messages: readonly { readonly body: string; readonly complete: boolean }[];
  readonly chunks: readonly Buffer[];
}

function count(outcomes: Outcomes, outcome: string, { messages, chunks }: Read): void {
  const example = Buffer.concat(chunks).toString('latin1');
  const known = outcomes.get(outcome) ?? { count: 0, messages: 0, bodyBytes: 0, example };
  outcomes.set(outcome, known);
  known.count += 1;
  for (const { body, complete } of messages) {
    if (!complete) continue;
    known.messages += 1;
    known.bodyBytes += body.length;
  }
  if (example.length < known.example.length) known.example = example;
}
