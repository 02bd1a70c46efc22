// A dynamic DNS server with everything around it in one process. See the README beside this file.
import { createNodeReactor, HawserError, runApplication } from '@hawser/core';
import { dynamicDns } from './app.ts';
import { help, readSettings } from './settings.ts';

/** sysexits.h: a file that could not be read or written. */
const EXIT_IO = 74;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2), process.env);
    if (settings === undefined) {
      process.stdout.write(help);
      return 0;
    }
    return await runApplication(await dynamicDns(settings), {
      reactor: createNodeReactor(),
      announce: (line) => void process.stdout.write(`${line}\n`),
      complain: (line) => void process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    // What the operator can mend is one line, not a stack.
    if (!(error instanceof HawserError) && !isFileError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof HawserError ? error.exitCode : EXIT_IO;
  }
}

/** A key or a certificate that cannot be read or written; the message names the file. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
