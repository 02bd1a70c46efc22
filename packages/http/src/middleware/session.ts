import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';

/**
 * What a server remembers between the requests of one browser. Changes are saved when the response is there: later ones
 * are mistakes. A value that was changed in itself must be set again.
 */
export interface Session<Data extends object> {
  /** Whether the browser came without one. */
  readonly isNew: boolean;
  get<Key extends keyof Data>(key: Key): Data[Key] | undefined;
  /** @throws UsageError `HAWSER_HTTP_SESSION` after the response */
  set<Key extends keyof Data>(key: Key, value: Data[Key]): void;
  /** @throws UsageError `HAWSER_HTTP_SESSION` after the response */
  delete(key: keyof Data): void;
  /**
   * Another secret for the same data: the one before is worth nothing from then on. Whenever somebody logs in.
   *
   * @throws UsageError `HAWSER_HTTP_SESSION` after the response
   */
  regenerate(): void;
  /** Forgets everything, here and in the browser. @throws UsageError `HAWSER_HTTP_SESSION` after the response */
  destroy(): void;
}

/** What is to be done about a session. `replace`: it was destroyed, and another one begun. */
export type SessionChange = 'none' | 'save' | 'regenerate' | 'replace' | 'destroy';

/** A session during one request. */
export class LiveSession<Data extends object> implements Session<Data> {
  readonly isNew: boolean;
  #data: Partial<Data>;
  #change: SessionChange = 'none';
  #closed = false;

  /** Owns `data`. */
  constructor(data: Partial<Data> | undefined) {
    this.isNew = data === undefined;
    this.#data = data ?? Object.create(null);
  }

  get<Key extends keyof Data>(key: Key): Data[Key] | undefined {
    return Object.hasOwn(this.#data, key) ? this.#data[key] : undefined;
  }

  set<Key extends keyof Data>(key: Key, value: Data[Key]): void {
    this.#changing('save');
    // A key "__proto__" is a key like any other.
    Object.defineProperty(this.#data, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  delete(key: keyof Data): void {
    if (!Object.hasOwn(this.#data, key)) return;
    this.#changing('save');
    delete this.#data[key];
  }

  regenerate(): void {
    this.#changing('regenerate');
  }

  destroy(): void {
    this.#changing('destroy');
    this.#data = Object.create(null);
  }

  /** What has changed, for once and all. */
  finish(): SessionChange {
    this.#closed = true;
    return this.#change;
  }

  /** @throws UsageError `HAWSER_HTTP_SESSION` when it is longer than `maxLength`, or cannot be written */
  toJson(maxLength: number): string {
    const text = JSON.stringify(this.#data);
    if (text.length > maxLength) throw misuse(`it is longer than ${maxLength}: ${text.length}`);
    return text;
  }

  #changing(change: SessionChange): void {
    if (this.#closed) throw misuse('the response is there already');
    if (change === 'destroy') this.#change = 'destroy';
    else if (this.#change === 'destroy') {
      if (change === 'save') this.#change = 'replace';
    } else if (this.#change === 'none' || this.#change === 'save') this.#change = change;
  }
}

function misuse(why: string): UsageError<HttpErrorCode> {
  return new UsageError('HAWSER_HTTP_SESSION', `Cannot save the session as ${why}`);
}
