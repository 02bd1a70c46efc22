// TypeScript programs as one JavaScript file each: they start in a fifth of the time that the loader takes to read hundreds of
// files, and some are started dozens of times.
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Started, type StartOptions, start } from './started.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** Where packages of others are found, and nobody looks for sources. */
const folder = join(repository, 'node_modules', '.cache', 'hawser-bundles');
const bundles = new Map<string, Promise<string>>();

/** What is asked of esbuild. It comes with the loader, and its types do not. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}

interface Build {
  onResolve(
    options: { readonly filter: RegExp },
    find: (what: { readonly path: string }) => object | undefined,
  ): void;
}

/**
 * Starts a TypeScript file of the repository, such as `examples/echo.ts`, as `startExample` does. For those that find no files
 * beside themselves. Our packages are read from their sources, others as they are installed.
 */
export async function startBundled(
  path: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Started> {
  return start(process.execPath, [await bundled(path), ...args], options);
}

/** The JavaScript file that `path` was made, anew for each process that asks. */
export function bundled(path: string): Promise<string> {
  let bundle = bundles.get(path);
  if (bundle === undefined) {
    bundle = makeBundle(path);
    bundles.set(path, bundle);
  }
  return bundle;
}

async function makeBundle(path: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const esbuild = createRequire(require.resolve('tsx'))('esbuild') as Esbuild;
  const outfile = join(folder, path.replace(/\.ts$/, '.mjs'));
  // Others may start the same program meanwhile.
  const own = `${outfile}.${process.pid}.mjs`;
  mkdirSync(folder, { recursive: true });
  await esbuild.build({
    entryPoints: [resolve(repository, path)],
    outfile: own,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@hawser/source'],
    logLevel: 'error',
    plugins: [{ name: 'packages of others', setup: leaveOut }],
  });
  renameSync(own, outfile);
  return outfile;
}

function leaveOut(build: Build): void {
  build.onResolve({ filter: /^[^./]/ }, ({ path }) =>
    path.startsWith('@hawser/') ? undefined : { path, external: true },
  );
}
