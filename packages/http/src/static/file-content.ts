import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ConnectionError } from '@hawser/core';
import type { ByteRange } from './byte-ranges.ts';
import type { FoundFile } from './file-tree.ts';

/** How much is read at a time, and of a stream at most in memory. */
const CHUNK_BYTES = 65_536;

/** A link in place of the file is not followed, and a pipe in its place does not block. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | flag(constants.O_NOFOLLOW) | flag(constants.O_NONBLOCK);

/**
 * The octets of a part of `file`. Nothing is open before the first is asked for, and nothing after the last, a `return` or
 * an error: content that nobody reads needs no closing.
 *
 * @throws ConnectionError `HAWSER_HTTP_FILE_CHANGED` if the file was replaced or cut since it was found. What was promised
 * cannot be kept then, and the answer must be broken off.
 */
export async function* streamFile(
  file: FoundFile,
  { start, end }: ByteRange,
): AsyncGenerator<Buffer, void, undefined> {
  if (end < start) return;
  const handle = await openSame(file);
  try {
    yield* readAll(handle, file, { start, end });
  } finally {
    await handle.close();
  }
}

/** The octets of a part of `file`, at once: for small ones. As {@link streamFile}. */
export async function loadFile(file: FoundFile, range: ByteRange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of streamFile(file, range)) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** The octets of several parts of `file`, each after its head, and `tail` after the last. As {@link streamFile}. */
export async function* streamParts(
  file: FoundFile,
  parts: readonly { readonly head: Buffer; readonly range: ByteRange }[],
  tail: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openSame(file);
  try {
    for (const { head, range } of parts) {
      yield head;
      yield* readAll(handle, file, range);
    }
    yield tail;
  } finally {
    await handle.close();
  }
}

async function* readAll(
  handle: FileHandle,
  file: FoundFile,
  { start, end }: ByteRange,
): AsyncGenerator<Buffer, void, undefined> {
  let position = start;
  while (position <= end) {
    // Each chunk is given away, so that the memory of one cannot serve the next.
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end + 1 - position));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) throw changed(file, 'it became shorter');
    position += bytesRead;
    yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead);
  }
}

async function openSame(file: FoundFile): Promise<FileHandle> {
  const handle = await open(file.path, FLAGS);
  try {
    const now = await handle.stat({ bigint: true });
    const same = now.dev === file.device && now.ino === file.inode;
    // It may have grown, as logs do; what was promised is still there.
    if (!same || !now.isFile()) throw changed(file, 'another took its place');
    if (now.size < file.size) throw changed(file, 'it became shorter');
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function changed(file: FoundFile, how: string): ConnectionError<'HAWSER_HTTP_FILE_CHANGED'> {
  return new ConnectionError(
    'HAWSER_HTTP_FILE_CHANGED',
    `Cannot send the file as ${how}: "${file.path}"`,
  );
}

function flag(value: number | undefined): number {
  return value ?? 0;
}
