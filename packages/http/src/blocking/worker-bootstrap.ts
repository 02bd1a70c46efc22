/**
 * What a worker thread begins with. It is text, and not a file, because node has to read it by itself, before there is a
 * loader for TypeScript; a `data:` module, and not `eval`, as node 20 ignores `--import` for the latter.
 */
const SOURCE = `
const { workerData } = process.getBuiltinModule('node:worker_threads');
const { main, module } = workerData;
const typescript = /\\.[cm]?tsx?$/;
// tsx enters only the main thread by itself, and test runners have their own loaders. Newer nodes need none.
if (!process.features.typescript && [main, module].some((url) => typescript.test(url.split(/[?#]/)[0]))) {
  try {
    process.getBuiltinModule('node:module').register('tsx/esm', { parentURL: main, data: {} });
  } catch {
    // Without tsx the import of the module says what is wrong.
  }
}
await import(main);
`;

export const WORKER_BOOTSTRAP: URL = new URL(`data:text/javascript,${encodeURIComponent(SOURCE)}`);

/** The module that does the work, beside this one: source or built, whichever this is. */
export const WORKER_MAIN: string = new URL(
  import.meta.url.endsWith('.ts') ? './worker-main.ts' : './worker-main.js',
  import.meta.url,
).href;
