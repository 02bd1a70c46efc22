import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'vitest';

/** Full path of an executable on PATH, or `undefined`. */
export function peer(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/**
 * A test that talks to real programs. Where one is missing it is skipped, and says so in its name; with `CI=true` it
 * fails instead, so that a conversation nobody had is never a pass.
 */
export function interop(
  name: string,
  peers: readonly string[],
  run: (context: TestContext) => Promise<void>,
): void {
  const missing = peers.filter((each) => peer(each) === undefined);
  if (missing.length === 0) {
    test(name, run);
    return;
  }
  const title = `${name} [${missing.join(', ')} missing]`;
  if (process.env['CI'] !== 'true') {
    test.skip(title, run);
    return;
  }
  test(title, () => {
    throw new Error(`Cannot run "${name}" as ${missing.join(', ')} is not on PATH`);
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
