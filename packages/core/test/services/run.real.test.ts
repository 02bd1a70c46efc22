import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const examples = fileURLToPath(new URL('../../../../examples/', import.meta.url));
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

interface Program {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** The next line on standard output. */
  line(): Promise<string>;
  errors(): string;
}

function start(example: string, endpoint: string): Program {
  const flags = ['--import', 'tsx', '--conditions=@hawser/source'];
  const child = spawn(process.execPath, [...flags, `${examples}${example}`, endpoint]);
  running.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString();
  });
  return {
    child,
    exit: once(child, 'exit').then(([code]) => code as number | null),
    line: async () => String((await lines.next()).value),
    errors: () => errors,
  };
}

/** Connects to the port that `line` announces. */
function dial(line: string): { readonly socket: Socket; line(): Promise<string> } {
  const port = Number(/:(\d+) /.exec(line)?.[1]);
  const socket = connect(port, '127.0.0.1');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return { socket, line: async () => String((await lines.next()).value) };
}

test('the echo example says where it listens, answers, and stops cleanly on a signal', async () => {
  const program = start('echo.ts', 'tcp://127.0.0.1:0');
  const where = await program.line();
  expect(where).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+ echo$/);
  const client = dial(where);
  client.socket.write('hello\n');
  expect(await client.line()).toBe('hello');

  program.child.kill('SIGTERM');
  expect(await program.line()).toMatch(/^Stopping/);
  client.socket.end();
  expect(await program.line()).toBe('echo: 1 finished, 0 aborted');
  expect(await program.line()).toBe('Stopped');
  expect(await program.exit).toBe(0);
  expect(program.errors()).toBe('');
});

test('the chat example lets two people talk, and says goodbye', async () => {
  const program = start('chat.ts', 'tcp://127.0.0.1:0');
  const where = await program.line();
  const ann = dial(where);
  const bob = dial(where);
  expect([await ann.line(), await bob.line()]).toEqual(['Who are you?', 'Who are you?']);
  ann.socket.write('ann\r\n');
  expect(await ann.line()).toBe('ann joined');
  bob.socket.write('ann\nbob\n');
  expect([await bob.line(), await bob.line()]).toEqual(['Choose another name.', 'bob joined']);
  expect(await ann.line()).toBe('bob joined');
  bob.socket.write('\x1b[2Jhi all\n');
  expect(await ann.line()).toBe('bob: [2Jhi all');
  bob.socket.end();
  expect(await bob.line()).toBe('bob: [2Jhi all');
  expect(await ann.line()).toBe('bob left');

  program.child.kill('SIGINT');
  expect(await ann.line()).toBe('The chat is closing.');
  expect(await program.exit).toBe(0);
  expect(program.errors()).toBe('');
});

test('a port that is taken and a bad endpoint give one line and an exit code', async () => {
  const first = start('echo.ts', 'tcp://127.0.0.1:0');
  const taken = (await first.line()).split(' ')[0] ?? '';
  const second = start('echo.ts', taken);
  const third = start('echo.ts', 'tcp://127.0.0.1:99999');
  expect(await second.exit).toBe(69);
  expect(second.errors()).toBe(`Cannot listen on ${taken}: the address is in use\n`);
  expect(await third.exit).toBe(64);
  expect(third.errors()).toBe(
    'Cannot parse endpoint "tcp://127.0.0.1:99999": port must be 0 to 65535: 99999\n',
  );
});
