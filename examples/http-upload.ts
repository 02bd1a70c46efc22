/**
 * Takes files of any size from a form and streams them to a folder: what the disk has not taken stays with the browser.
 * Run `npm run example examples/http-upload.ts`, and open http://127.0.0.1:8080/ or
 * `curl -F file=@README.md http://127.0.0.1:8080/`. Another folder can be given after the place to listen.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run, serve } from '@hawser/core';
import { HttpResponse, http, parts, router } from '@hawser/http';

const MAX_FILE_BYTES = 2 ** 30;

const [endpoint = 'tcp://127.0.0.1:8080', folder = 'data/uploads'] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

interface Upload {
  readonly id: string;
  /** What the browser calls it: to be shown, never to be used as a path. */
  readonly filename: string | undefined;
  readonly bytes: number;
}

/** Keeps all files of a request, or none of them. */
async function keepAll(request: Request): Promise<Upload[]> {
  const kept: Upload[] = [];
  const ids: string[] = [];
  const limits = { maxFiles: 10, maxFileBytes: MAX_FILE_BYTES, maxBytes: 2 * MAX_FILE_BYTES };
  try {
    for await (const part of parts(request, limits)) {
      if (part.kind === 'field') continue;
      const id = randomUUID();
      ids.push(id);
      const file = createWriteStream(join(folder, id), { flags: 'wx' });
      await pipeline(part.stream, file);
      kept.push({ id, filename: part.filename, bytes: file.bytesWritten });
    }
    return kept;
  } catch (error) {
    // The browser has left, a file is too long, the disk is full.
    await Promise.all(ids.map((id) => rm(join(folder, id), { force: true })));
    throw error;
  }
}

const app = router()
  .get('/', () =>
    HttpResponse.html(`<!doctype html>
<title>Upload</title>
<form method="post" enctype="multipart/form-data">
  <input type="file" name="file" multiple required>
  <button>Upload</button>
</form>
`),
  )
  .post('/', async (request) => HttpResponse.json(await keepAll(request), { status: 201 }));

// A large file over a slow line takes its time; a line that stands still is cut off by the minimum rate.
await run(serve(endpoint, http(app, { requestTimeoutMs: 3_600_000 })));
