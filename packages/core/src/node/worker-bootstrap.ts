/**
 * What runs in a worker thread. It is text, and not a file, because a thread begins with a file that node itself can
 * read: neither the sources under a TypeScript loader nor a bundle have one. Messages are in `worker-message.ts`.
 *
 * A `data:` module, and not `eval`: node 20 ignores `--import` for the latter, and with it the loaders of the program.
 */
const SOURCE = `
const { parentPort } = process.getBuiltinModule('node:worker_threads');
const { inspect } = process.getBuiltinModule('node:util');
const MAX_CAUSES = 8;

parentPort.on('message', async ({ id, module, name, args }) => {
  const answer = await call({ id, module, name, args });
  try {
    parentPort.postMessage(answer);
  } catch (uncloneable) {
    parentPort.postMessage({ id, at: 'misused', why: 'the answer cannot be cloned: ' + uncloneable.message });
  }
});

async function call({ id, module, name, args }) {
  try {
    readTypeScript(module);
    const { [name]: exported } = await import(module);
    if (typeof exported === 'function') return { id, at: 'done', value: await exported(...args) };
    return { id, at: 'misused', why: 'the module does not export a function of that name' };
  } catch (thrown) {
    return { id, at: 'failed', error: describe(thrown, MAX_CAUSES) };
  }
}

/** tsx enters only the main thread by itself, and test runners have their own loaders. Newer nodes need none. */
let reading = Boolean(process.features.typescript);
function readTypeScript(module) {
  if (reading || !/\\.[cm]?tsx?$/.test(module.split(/[?#]/)[0])) return;
  reading = true;
  try {
    process.getBuiltinModule('node:module').register('tsx/esm', { parentURL: module, data: {} });
  } catch {
    // Without tsx the import of the module says what is wrong.
  }
}

function describe(thrown, causes) {
  if (!(thrown instanceof Error)) {
    return { thrown: typeof thrown === 'string' ? thrown : inspect(thrown) };
  }
  const { name, message, code, stack, cause, errors } = thrown;
  const plain = typeof code === 'string' || typeof code === 'number' ? code : undefined;
  const error = { name: String(name), message: String(message), stack: String(stack), code: plain };
  if (cause !== undefined && causes > 0) error.cause = describe(cause, causes - 1);
  if (Array.isArray(errors) && causes > 0) {
    error.errors = errors.slice(0, MAX_CAUSES).map((each) => describe(each, 0));
  }
  return error;
}
`;

/** The module a worker thread begins with. */
export const WORKER_BOOTSTRAP: URL = new URL(`data:text/javascript,${encodeURIComponent(SOURCE)}`);
