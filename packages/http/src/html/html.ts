import { isSafeUrl } from './safe-url.ts';
import { type Hole, TemplateScanner } from './template-scanner.ts';

let make: (text: string, constant: boolean) => Html;
let isConstant: (value: Html) => boolean;

/** HTML that is safe to send: what {@link html} and {@link rawHtml} make. */
export class Html {
  readonly #text: string;
  /** The program wrote all of it. */
  readonly #constant: boolean;

  private constructor(text: string, constant: boolean) {
    this.#text = text;
    this.#constant = constant;
  }

  static {
    make = (text, constant) => new Html(text, constant);
    isConstant = (value) => value.#constant;
  }

  toString(): string {
    return this.#text;
  }
}

/** What a hole of {@link html} takes. Lists are joined; `undefined`, `null`, `true` and `false` are nothing. */
export type HtmlValue =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | null
  | URL
  | Html
  | readonly HtmlValue[];

const holes = new WeakMap<TemplateStringsArray, readonly Hole[]>();

/**
 * HTML with values in it, which are escaped where they stand: in text, or in attributes in quotes. Other HTML of this kind
 * stays as it is, so that a page is put together from parts. A URL that would run a script becomes `about:invalid`.
 *
 * Between the attributes of a tag there may only be HTML without values, such as `${done && html`checked`}`.
 *
 * @throws TypeError where no escape would be good enough: in scripts, styles, comments, attributes like `onclick`, and without
 *   quotes; for an object, such as a promise that was not awaited; for a part that ends inside of a tag
 * @example HttpResponse.html(html`<ul>${ships.map(({ name }) => html`<li title="${name}">${name}</li>`)}</ul>`);
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let places = holes.get(strings);
  if (!places) {
    places = placesOf(strings);
    holes.set(strings, places);
  }
  let text = strings[0] ?? '';
  places.forEach((place, i) => {
    text += show(values[i], place) + (strings[i + 1] ?? '');
  });
  return make(text, values.length === 0);
}

/** Text that is HTML already, and safe, as by a library for Markdown. Never what a peer has sent. */
export function rawHtml(text: string): Html {
  return make(text, false);
}

function placesOf(strings: readonly string[]): readonly Hole[] {
  const scanner = new TemplateScanner();
  const places = strings.map((text, i) => {
    scanner.read(text);
    return i < strings.length - 1 ? scanner.hole() : undefined;
  });
  scanner.end();
  return places.filter((place) => place !== undefined);
}

function show(value: HtmlValue, place: Hole): string {
  if (value === undefined || value === null || typeof value === 'boolean') return '';
  if (Array.isArray(value)) return value.map((each: HtmlValue) => show(each, place)).join('');
  if (value instanceof Html) {
    if (place === 'text' || (place === 'tag' && isConstant(value))) return String(value);
  }
  if (place === 'tag') {
    throw new TypeError('Cannot put a value into HTML between attributes: write name="..." there');
  }
  return escape(place === 'url' && !isSafeUrl(toText(value)) ? 'about:invalid' : toText(value));
}

function toText(value: HtmlValue): string {
  if (typeof value === 'object' && !(value instanceof URL) && !(value instanceof Html)) {
    const kind = value instanceof Promise ? 'a promise: await it' : 'an object: give its text';
    throw new TypeError(`Cannot put a value into HTML as it is ${kind}`);
  }
  return String(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
