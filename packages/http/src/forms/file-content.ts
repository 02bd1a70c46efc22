import { Readable } from 'node:stream';

/**
 * The content of a file as its reader sees it. To destroy it, as leaving a `for await` does, skips the rest of the file;
 * the parser would wait for ever for somebody to read what it has.
 */
export class FileContent extends Readable {
  readonly #source: Readable;

  constructor(source: Readable) {
    super({ highWaterMark: source.readableHighWaterMark });
    this.#source = source;
    source.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) source.pause();
    });
    source.on('end', () => {
      if (!this.destroyed) this.push(null);
    });
    source.pause();
    // Whoever reads it hears of an error; without anybody it must not end the process.
    source.on('error', ignore);
    this.on('error', ignore);
  }

  override _read(): void {
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.resume();
    done(error);
  }
}

function ignore(): void {}
