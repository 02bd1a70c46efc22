// What runs in a worker thread of `blocking`. It imports nothing of the core, so that a thread is quick to begin.
import { workerData } from 'node:worker_threads';
import { type BlockingHandler, WorkerAnswer } from './blocking-answer.ts';
import { WorkerRequest } from './blocking-request.ts';
import type { FromWorker, RequestMessage, ToWorker, WorkerStart } from './channel.ts';
import { toCrossed } from './crossed-error.ts';
import { WaitingThread } from './waiting-thread.ts';

const { module, name, port, flags, maxUntakenBytes } = workerData as WorkerStart;
let current: WaitingThread | undefined;

const handler = await load();
if (handler) {
  port.on('message', (message: ToWorker) => {
    if (message.at === 'request') void serve(handler, message);
    else current?.received(message);
  });
  tell({ at: 'ready' });
}

async function load(): Promise<BlockingHandler | undefined> {
  try {
    const { [name]: exported } = (await import(module)) as Record<string, unknown>;
    if (typeof exported === 'function') return exported as BlockingHandler;
    tell({ at: 'unusable', why: `it does not export a function "${name}"` });
  } catch (thrown) {
    tell({ at: 'unusable', why: 'it cannot be loaded', error: toCrossed(thrown) });
  }
  return undefined;
}

async function serve(handle: BlockingHandler, message: RequestMessage): Promise<void> {
  const { id } = message;
  const thread = new WaitingThread({ id, port, flags });
  current = thread;
  try {
    const answer = new WorkerAnswer(thread, maxUntakenBytes);
    await answer.finish(await handle(new WorkerRequest(message, thread), answer));
  } catch (thrown) {
    tell({ at: 'failed', id, error: toCrossed(thrown) });
  } finally {
    thread.finish();
  }
}

function tell(message: FromWorker): void {
  port.postMessage(message);
}
