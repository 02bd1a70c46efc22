const NONE: readonly (readonly [string, string])[] = [];

/**
 * The query of a request, decoded when first looked at, as `application/x-www-form-urlencoded` text: `+` is a space, and
 * what is no percent-encoding stands for itself. Cannot be changed.
 */
export class QueryView implements Iterable<readonly [string, string]> {
  /** Of requests without a query. */
  static readonly EMPTY: QueryView = new QueryView('');

  readonly #text: string;
  #params: URLSearchParams | undefined;

  /** @param text without the question mark */
  constructor(text: string) {
    this.#text = text;
  }

  /** The first value of `name`. */
  get(name: string): string | undefined {
    return this.#text === '' ? undefined : (this.#read().get(name) ?? undefined);
  }

  /** Every value of `name`, in the order of the request. */
  getAll(name: string): string[] {
    return this.#text === '' ? [] : this.#read().getAll(name);
  }

  has(name: string): boolean {
    return this.#text !== '' && this.#read().has(name);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#text === '' ? 0 : this.#read().size;
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#text === '' ? NONE[Symbol.iterator]() : this.#read()[Symbol.iterator]();
  }

  /** As it was sent. */
  toString(): string {
    return this.#text;
  }

  #read(): URLSearchParams {
    this.#params ??= new URLSearchParams(this.#text);
    return this.#params;
  }
}
