/**
 * Uploads and downloads by our client, and prints as JSON what came through and by how much its memory grew. Arguments: the
 * server of `http-server-main.ts`, and how many octets.
 */
import { createNodeReactor } from '@hawser/core';
import { httpClient } from '@hawser/http';

const [base = '', octets = '0'] = process.argv.slice(2);
const total = Number(octets);
const PIECE = Buffer.alloc(65_536, 'strand of a long rope\n');
const WARM_UP = 10_000_000;

await using client = httpClient(createNodeReactor(), { baseUrl: base });

// Baseline: the code is compiled, and the heap has the size that a little of the same takes.
await upload(WARM_UP);
await download(WARM_UP);
const before = process.memoryUsage.rss();
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 50);
const uploaded = await upload(total);
const downloaded = await download(total);
clearInterval(watch);
process.stdout.write(`${JSON.stringify({ uploaded, downloaded, grownBytes: most - before })}\n`);

/** Octets that the server has counted. */
async function upload(bytes: number): Promise<number> {
  const response = await client.post('/count', { body: pieces(bytes) });
  const { bytes: counted } = await response.json<{ readonly bytes: number }>();
  return counted;
}

async function download(bytes: number): Promise<number> {
  const response = await client.get('/flood', { query: { bytes: `${bytes}` } });
  let counted = 0;
  for await (const piece of response.stream) counted += piece.length;
  return counted;
}

async function* pieces(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    yield left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
  }
}
