import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The command that runs a TypeScript file beside this one, straight from its source. */
export function startCommand(
  name: string,
  args: readonly string[] = [],
): { readonly command: string; readonly args: readonly string[] } {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return { command: process.execPath, args: ['--import', loader, path, ...args] };
}

/** Starts such a program; its standard error goes to ours. */
export function startProgram(name: string): ChildProcess {
  const { command, args } = startCommand(name);
  return spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
}

/** The first line it prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error('The program ended before it printed a line');
}

/** Waits until it has ended. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
