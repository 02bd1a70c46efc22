import { readFile, stat } from 'node:fs/promises';
import { type Clock, type Deferred, fromPromise, succeed } from '@hawser/core';

/** How long a file counts as unchanged without looking, in milliseconds. */
const LOOK_AGAIN_MS = 5_000;

/**
 * What a file of the system says, read when it is first wanted and again when it has changed. A file that cannot be read says
 * nothing.
 */
export class SystemFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #clock: Pick<Clock, 'now'>;
  #known: { readonly value: T; readonly version: string } | undefined;
  #lookAt = 0;
  #looking: Promise<T> | undefined;

  constructor(
    path: string,
    { clock, parse }: { clock: Pick<Clock, 'now'>; parse: (text: string) => T },
  ) {
    this.#path = path;
    this.#clock = clock;
    this.#parse = parse;
  }

  /** Its content. Never fails. */
  read(): Deferred<T> {
    if (this.#known !== undefined && this.#clock.now() < this.#lookAt)
      return succeed(this.#known.value);
    this.#looking ??= this.#look();
    return fromPromise(this.#looking);
  }

  async #look(): Promise<T> {
    const version = await versionOf(this.#path);
    if (this.#known?.version !== version) {
      const text = version === '' ? '' : await readFile(this.#path, 'utf8').catch(() => '');
      this.#known = { value: this.#parse(text), version };
    }
    this.#lookAt = this.#clock.now() + LOOK_AGAIN_MS;
    this.#looking = undefined;
    return this.#known.value;
  }
}

async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, ino, size } = await stat(path);
    return `${mtimeMs}/${ino}/${size}`;
  } catch {
    return '';
  }
}
