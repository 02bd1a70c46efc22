import { HawserError } from '@hawser/core';
import { HttpError } from '../http-error.ts';
import { isAbsent, systemCode } from './file-tree.ts';

/** Does it once more if a file was replaced at the very moment, as by a deployment. */
export async function retryChanged<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!isChanged(error) && !isAbsent(error)) throw error;
    return attempt();
  }
}

/** What a peer is told of an error of the file system; everything unexpected stays what it is. */
export function toHttpError(error: unknown): unknown {
  const code = systemCode(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return new HttpError(403, 'Cannot read the file as the system does not allow it', {
      cause: error,
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE' || isChanged(error)) {
    return new HttpError(503, 'Cannot read the file now', {
      cause: error,
      headers: { 'retry-after': '1' },
    });
  }
  if (isAbsent(error)) return new HttpError(404, 'Cannot find the file', { cause: error });
  return error;
}

function isChanged(error: unknown): boolean {
  return error instanceof HawserError && error.code === 'HAWSER_HTTP_FILE_CHANGED';
}
