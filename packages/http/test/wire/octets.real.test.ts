import { describe, expect, test } from 'vitest';
import { compareReadings } from './compare-readings.ts';
import { compareResponses } from './compare-responses.ts';
import { outcomeClasses, responseClasses } from './differential-classes.ts';
import { type Place, requestPlaces, responsePlaces } from './octet-places.ts';
import { NodeReader, readOurs } from './read-request.ts';
import { readAllByNode, readOurs as readOurResponse } from './read-response.ts';
import { latin1 } from './recording.ts';

// Each octet at each place of a head and of what frames a body. What we take, node:http reads the same.

const OCTETS = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));

/** What may come of octets that we take, all of them. */
const TAKEN = ['same', 'both stop at a close', 'node does not know the method'];

describe('no octet is read in two ways', { timeout: 120_000 }, () => {
  test('of a request', async () => {
    const node = new NodeReader();
    const table = await tableOf(requestPlaces, outcomeClasses, async (messages) => {
      const theirs = await node.readAll(messages.map((message) => [message]));
      return messages.map((message, at) => {
        const [ours, their] = [readOurs([message]), theirs[at]];
        if (their === undefined) throw new Error('Nothing was read');
        return { outcome: compareReadings(ours, their), refused: ours.refusal !== undefined };
      });
    });
    expect(table).toMatchInlineSnapshot(`
      "before the request line: none
      in the method: 45
      after the method: 20
      before the target: 2f
      as the target: 2f
      in the path: 21-22 24-7e
      in the query: 21-22 24-7e
      at the end of the target: 21-22 24-7e
      in the scheme: 54 74
      in the authority: 21 24 26-39 3b 3d 3f 41-5a 5f 61-7a 7e
      after the authority: 21 24 26-3b 3d 3f 41-5a 5f 61-7a 7e
      after the target: 20
      before the version: none
      in the name of the version: 54
      before the major version: 2f
      as the major version: 31
      between the versions: 2e
      as the minor version: 30-31
      after the version: none
      instead of the end of the request line: none
      instead of CR: 0d
      instead of LF: 0a
      before a field: 21 23-27 2a-2b 2d-2e 30-39 41-5a 5e-7a 7c 7e
      in a field name: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      after a field name: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      instead of a colon: 3a
      before a field value: 09 20-7e 80-ff
      in a field value: 09 20-7e 80-ff
      after a field value: 09 20-7e 80-ff
      as a field value: 09 20-7e 80-ff
      instead of the end of a field: 09 20-7e 80-ff
      instead of CR after a field: 0d
      instead of LF after a field: 0a
      before the empty line: none
      in the empty line: 0a
      in the name of Host: 53 73
      before the host: 09 20-21 24 26-2e 30-39 3b 3d 41-5a 5f 61-7a 7e
      in the host: 21 24 26-2e 30-39 3b 3d 41-5a 5f 61-7a 7e
      after the host: 09 20-21 24 26-2e 30-3b 3d 41-5a 5f 61-7a 7e
      in the port: 30-39
      in the name of a length: 2d
      after the name of a length: none
      before a length: 09 20 30
      in a length: none
      after a length: 20
      as a length: 39
      in the name of a coding: 2d
      before a coding: 09 20
      in a coding: 4b 6b
      after a coding: 20
      between codings: none
      before an option: 09 20-7e 80-ff
      in an option: 20-7e 80-ff
      after an option: 20-7e 80-ff
      between options: 20-7e 80-ff
      in a body: 00-ff
      before a chunk size: 30
      as a chunk size: 46 66
      in a chunk size: 30
      after a chunk size: none
      instead of CR after a chunk size: 0d
      instead of LF after a chunk size: 0a
      before an extension: 21 23-27 2a-2b 2d-2e 30-39 41-5a 5e-7a 7c 7e
      in the name of an extension: 21 23-27 2a-2b 2d-2e 30-39 3b 3d 41-5a 5e-7a 7c 7e
      before the value of an extension: 21 23-27 2a-2b 2d-2e 30-39 41-5a 5e-7a 7c 7e
      in the value of an extension: 21 23-27 2a-2b 2d-2e 30-39 3b 41-5a 5e-7a 7c 7e
      in quotes: 09 20-21 23-7e 80-ff
      after a backslash: 09 20-7e 80-ff
      after quotes: none
      in a chunk: 00-ff
      after a chunk: none
      instead of CR after a chunk: 0d
      instead of LF after a chunk: 0a
      after the last chunk size: 30
      before a trailer: 21 23-27 2a-2b 2d-2e 30-39 41-5a 5e-7a 7c 7e
      in the name of a trailer: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      after the name of a trailer: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      before the value of a trailer: 09 20-7e 80-ff
      in the value of a trailer: 09 20-7e 80-ff
      after the value of a trailer: 09 20-7e 80-ff
      in the last empty line: 0a
      after a request: none"
    `);
  });

  test('of a response', async () => {
    const table = await tableOf(responsePlaces, responseClasses, async (messages) => {
      const theirs = await readAllByNode(messages.map((message) => ['GET', [message]]));
      return messages.map((message, at) => {
        const [ours, their] = [readOurResponse('GET', [message]), theirs[at]];
        if (their === undefined) throw new Error('Nothing was read');
        return { outcome: compareResponses(ours, their), refused: ours.refusal !== undefined };
      });
    });
    expect(table).toMatchInlineSnapshot(`
      "before the status line: none
      in the name of the version: 54
      as the major version: 31
      as the minor version: 30-31
      after the version: 20
      before the status: none
      at the start of the status: 32-35
      in the status: 30-39
      after the status: 20
      before the phrase: 09 20-7e 80-ff
      after the phrase: 09 20-7e 80-ff
      instead of CR: 0d
      instead of LF: 0a
      before a field: 21 23-27 2a-2b 2d-2e 30-39 41-5a 5e-7a 7c 7e
      in a field name: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      after a field name: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      before a field value: 09 20-7e 80-ff
      in a field value: 09 20-7e 80-ff
      after a field value: 09 20-7e 80-ff
      in the empty line: 0a
      in a length: none
      after a length: 20
      in a coding: 4b 6b
      after a coding: 20
      before a chunk size: 30
      after a chunk size: none
      in the name of an extension: 21 23-27 2a-2b 2d-2e 30-39 3b 3d 41-5a 5e-7a 7c 7e
      in quotes: 09 20-21 23-7e 80-ff
      after a chunk: none
      in the name of a trailer: 21 23-27 2a-2b 2d-2e 30-3a 41-5a 5e-7a 7c 7e
      in the value of a trailer: 09 20-7e 80-ff
      in the last empty line: 0a"
    `);
  });
});

interface Compared {
  readonly outcome: string;
  readonly refused: boolean;
}

/** Which octets we take at each place. Fails at one that is read in two ways. */
async function tableOf(
  places: readonly Place[],
  classes: readonly { readonly outcome: string }[],
  compare: (messages: readonly Buffer[]) => Promise<readonly Compared[]>,
): Promise<string> {
  const known = classes.map(({ outcome }) => outcome);
  const lines: string[] = [];
  for (const [name, message] of places) {
    const compared = await compare(OCTETS.map((octet) => latin1(message(octet))));
    for (const [octet, { outcome, refused }] of compared.entries()) {
      const allowed = refused ? known : TAKEN;
      expect(allowed, `${hex(octet)} ${name}`).toContain(outcome);
    }
    lines.push(`${name}: ${ranges(compared.flatMap(({ refused }, at) => (refused ? [] : [at])))}`);
  }
  return lines.join('\n');
}

/** Numbers as `0a-1f 7f`, or `none`. */
function ranges(octets: readonly number[]): string {
  const found: [number, number][] = [];
  for (const octet of octets) {
    const last = found.at(-1);
    if (last?.[1] === octet - 1) last[1] = octet;
    else found.push([octet, octet]);
  }
  const shown = found.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`));
  return shown.join(' ') || 'none';
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, '0');
}
