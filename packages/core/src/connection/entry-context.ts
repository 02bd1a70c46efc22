import type { Context } from '../contract/context.ts';
import type { InfoKey } from '../contract/info.ts';

/** The only implementation of {@link Context}. Its values take memory only once there are some. */
export class EntryContext implements Context {
  label: string;
  readonly connection: number | undefined;
  #values: Map<InfoKey<unknown>, unknown> | undefined;

  constructor(label: string, connection?: number) {
    this.label = label;
    this.connection = connection;
  }

  get<T>(key: InfoKey<T>): T | undefined {
    return this.#values?.get(key) as T | undefined;
  }

  set<T>(key: InfoKey<T>, value: T): void {
    this.#values ??= new Map();
    this.#values.set(key, value);
  }
}
