// Handlers that run in threads: those of the tests beside.
import { readFileSync } from 'node:fs';
import type { BlockingHandler } from '../../../src/blocking/blocking-answer.ts';

let served = 0;

/** Stays in its thread. */
export const count: BlockingHandler = () => String(++served);

const describe: BlockingHandler = (request) => ({
  status: 201,
  headers: { 'content-type': 'application/json', 'x-many': ['a', 'b'] },
  body: JSON.stringify({
    method: request.method,
    url: request.url,
    agent: request.headers.get('user-agent'),
    params: request.params,
    body: request.text(),
  }),
});

// oxlint-disable-next-line import/no-default-export -- what is called without a name
export { describe as default };

/** Works until the gate is opened: an Int32Array is not cloned over HTTP, so it comes by a call. */
export const gated: BlockingHandler = (request) => {
  const gate = request.call<Int32Array>('gate');
  Atomics.add(gate, 0, 1);
  Atomics.notify(gate, 0);
  Atomics.wait(gate, 1, 0);
  return 'through';
};

/** Looks whether it is still wanted. */
export const patient: BlockingHandler = (request) => {
  const gate = request.call<Int32Array>('gate');
  Atomics.add(gate, 0, 1);
  while (!request.cancelled) Atomics.wait(gate, 2, 0, 5);
  Atomics.add(gate, 1, 1);
  request.throwIfCancelled();
};

/** Never looks. */
export const stubborn: BlockingHandler = (request) => {
  Atomics.add(request.call<Int32Array>('gate'), 0, 1);
  for (;;);
};

/** Writes until it is stopped, and counts. */
export const endless: BlockingHandler = (request, answer) => {
  const gate = request.call<Int32Array>('gate');
  const piece = Buffer.alloc(1_000, 'x');
  try {
    for (;;) {
      answer.write(piece);
      Atomics.add(gate, 0, 1);
    }
  } finally {
    Atomics.store(gate, 1, 1);
    Atomics.notify(gate, 1);
  }
};

export const streams: BlockingHandler = (_request, answer) => {
  answer.start({ status: 206, headers: [['content-type', 'text/csv']] });
  const piece = Buffer.from('a,b\n');
  for (let i = 0; i < 3; i++) answer.write(piece);
  answer.write('öäü\n');
  answer.write(new Uint8Array([0x21, 0x0a]), { transfer: true });
};

export const generated: BlockingHandler = () => ({
  headers: { 'content-type': 'text/plain' },
  body: (function* lines() {
    for (let i = 0; i < 1_000; i++) yield `${i}\n`;
  })(),
});

export const generatedLater: BlockingHandler = async () => ({
  body: (async function* lines() {
    for (let i = 0; i < 3; i++) {
      await Promise.resolve();
      yield `${i}\n`;
    }
  })(),
});

/** How long each piece of the body was. */
export const lengths: BlockingHandler = (request) => {
  const list: number[] = [];
  for (let piece = request.readBody(); piece; piece = request.readBody()) list.push(piece.length);
  return `${list.join(' ')} ${request.readBody() === undefined}`;
};

export const echo: BlockingHandler = (request, answer) => {
  for (let piece = request.readBody(); piece; piece = request.readBody()) answer.write(piece);
};

/** Sends the same memory each time. */
const PAGE = readFileSync(import.meta.filename ?? process.execPath).subarray(0, 10);
export const constant: BlockingHandler = () => PAGE;

export const nothing: BlockingHandler = () => undefined;

export const parses: BlockingHandler = (request) => JSON.stringify(request.json());

export const fails: BlockingHandler = () => {
  const cause = Object.assign(new TypeError('below'), { code: 'E_BELOW' });
  throw Object.assign(new RangeError('no such row', { cause }), { code: 'E_ROW' });
};

export const refuses: BlockingHandler = () => {
  // As an HttpError of another copy of the package.
  throw Object.assign(new Error('gone for ever'), {
    name: 'HttpError',
    status: 410,
    headers: { 'x-why': 'old' },
    body: 'gone\n',
  });
};

export const failsLate: BlockingHandler = (_request, answer) => {
  answer.write('half');
  throw new Error('no more');
};

export const strange: BlockingHandler = () => 42 as unknown as string;
export const badHead: BlockingHandler = () => ({ headers: { 'x y': 'z' } });
export const badStream: BlockingHandler = (request, answer) => {
  answer.start({ headers: { 'x y': 'z' } });
  while (!request.cancelled) answer.write('x');
  request.throwIfCancelled();
};
export const twice: BlockingHandler = (_request, answer) => {
  answer.write('one');
  return 'two';
};

export const exits: BlockingHandler = () => process.exit(7);

export const throwsLater: BlockingHandler = () => {
  setTimeout(() => {
    throw new Error('left behind');
  }, 0);
  return new Promise(() => undefined);
};

export const greedy: BlockingHandler = () => {
  const hoard: unknown[] = [];
  for (;;) hoard.push(Array.from({ length: 10_000 }, Math.random));
};

export const calls: BlockingHandler = (request) => {
  const sum = request.call<number>('add', 2, 3);
  const errors = ['fail', 'missing', 'toString', 'unclonable'].map((name) => {
    try {
      request.call(name);
      return 'nothing';
    } catch (thrown) {
      const { name: kind, message, code } = thrown as Error & { code?: string };
      return `${kind} ${code} ${message}`;
    }
  });
  return JSON.stringify({ sum, errors });
};

/** Asks for the body in the middle of a call. */
export const mixed: BlockingHandler = (request) => {
  const first = request.readBody()?.toString();
  const sum = request.call<number>('add', 1, 1);
  return `${first} ${sum} ${request.readBody()?.toString()} ${request.readBody()}`;
};

export const notAFunction = 'text';

/** Runs the one that the request names: one thread serves tests of many handlers. */
export const any: BlockingHandler = async (request, answer) => {
  const own = (await import(import.meta.url)) as Record<string, BlockingHandler>;
  const handler = own[request.headers.get('x-run') ?? ''];
  if (!handler) throw new Error('no such handler');
  return await handler(request, answer);
};
