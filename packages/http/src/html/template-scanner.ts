// Where in HTML a template has its holes (HTML standard §13.2.5), as far as one must know to fill them safely.

import { isSafeUrl } from './safe-url.ts';

/**
 * What may stand at a hole: escaped text; the text of a quoted attribute; the beginning of a URL in one; or, between
 * attributes, only what the program wrote itself.
 */
export type Hole = 'text' | 'attribute' | 'url' | 'tag';

type State =
  | 'text'
  | 'tagName'
  | 'beforeName'
  | 'name'
  | 'afterName'
  | 'afterTagHole'
  | 'beforeValue'
  | 'unquoted'
  | 'doubleQuoted'
  | 'singleQuoted'
  | 'markup'
  | 'comment'
  | 'raw';

const SPACE = /[\t\n\f\r ]/;
const LETTER = /[a-z]/i;
/** What is in these is no HTML, and no escape is good for all of it. */
const RAW = new Set(['script', 'style', 'iframe', 'noembed', 'noframes', 'xmp']);
/** Only text is in these. */
const TEXT_ONLY = new Set(['textarea', 'title']);
const URLS = new Set([
  'action',
  'background',
  'cite',
  'data',
  'formaction',
  'href',
  'manifest',
  'ping',
  'poster',
  'src',
  'xlink:href',
]);
/** Stands for the beginning of a comment. */
const BEGUN = '^';
/** Their text is code, a style, or a document. */
const CODE = /^(?:on.*|style|srcdoc)$/;

/** Reads the constant parts of a template. */
export class TemplateScanner {
  #state: State = 'text';
  #tag = '';
  #closing = false;
  #name = '';
  /** The constant beginning of a value of an attribute. */
  #value = '';
  /** A hole began a URL: what comes next must not make another scheme of it. */
  #afterUrl = false;
  /** The last characters of a comment, or of what is in an element that holds no HTML. */
  #tail = '';

  /** Reads on. @throws TypeError when a URL is put together from pieces that nobody can check */
  read(text: string): void {
    for (const char of text) this.#step(char);
  }

  /** What may stand here. @throws TypeError where nothing may that is not constant */
  hole(): Hole {
    switch (this.#state) {
      case 'text':
        return 'text';
      case 'raw':
        if (TEXT_ONLY.has(this.#tag)) return 'text';
        throw unsafe(`in <${this.#tag}>: put it into an attribute like data-state="..."`);
      case 'beforeName':
      case 'afterName':
      case 'afterTagHole':
        this.#state = 'afterTagHole';
        return 'tag';
      case 'doubleQuoted':
      case 'singleQuoted':
        return this.#valueHole();
      case 'beforeValue':
      case 'unquoted':
        throw unsafe(`as the value of "${this.#name}" without quotes: write ${this.#name}="..."`);
      case 'comment':
      case 'markup':
        throw unsafe('in a comment');
      case 'name':
      case 'tagName':
        throw unsafe('in the name of a tag or an attribute');
    }
  }

  /** @throws TypeError when a tag, a comment or a script is open */
  end(): void {
    if (this.#state === 'text') return;
    throw new TypeError('Cannot use HTML that ends inside of a tag, a comment or a script');
  }

  #valueHole(): Hole {
    if (CODE.test(this.#name)) {
      throw unsafe(`in "${this.#name}": put it into an attribute like data-state="..."`);
    }
    if (!URLS.has(this.#name)) return 'attribute';
    if (this.#value === '' && !this.#afterUrl) {
      this.#afterUrl = true;
      return 'url';
    }
    const [, start = '', end] = /^([^:/?#]*)([:/?#]?)/.exec(this.#value) ?? [];
    const decided = end === ':' ? isSafeUrl(this.#value) : end !== '';
    if (!decided || start.includes('&')) throw unsafeUrl(this.#name);
    return 'attribute';
  }

  #step(char: string): void {
    switch (this.#state) {
      case 'text':
        if (char === '<') {
          this.#state = 'tagName';
          this.#tag = '';
          this.#closing = false;
        }
        return;
      case 'tagName':
        this.#tagName(char);
        return;
      case 'beforeName':
        this.#beforeName(char);
        return;
      case 'name':
        if (char === '=') this.#state = 'beforeValue';
        else if (char === '>') this.#endTag();
        else if (SPACE.test(char)) this.#state = 'afterName';
        else if (char === '/') this.#state = 'beforeName';
        else this.#name += char.toLowerCase();
        return;
      case 'afterName':
        if (char === '=') this.#state = 'beforeValue';
        else if (!SPACE.test(char)) this.#beforeName(char);
        return;
      case 'afterTagHole':
        // What is in the hole must not become a part of the next name, nor get its value.
        if (!/[\t\n\f\r />]/.test(char))
          throw unsafe('between attributes without a space behind it');
        this.#beforeName(char);
        return;
      case 'beforeValue':
        this.#value = '';
        this.#afterUrl = false;
        if (char === '"') this.#state = 'doubleQuoted';
        else if (char === "'") this.#state = 'singleQuoted';
        else if (char === '>') this.#endTag();
        else if (!SPACE.test(char)) this.#state = 'unquoted';
        return;
      case 'unquoted':
        if (char === '>') this.#endTag();
        else if (SPACE.test(char)) this.#state = 'beforeName';
        return;
      case 'doubleQuoted':
        if (char === '"') this.#state = 'beforeName';
        else this.#valueChar(char);
        return;
      case 'singleQuoted':
        if (char === "'") this.#state = 'beforeName';
        else this.#valueChar(char);
        return;
      case 'markup':
        this.#tail += char;
        if (this.#tail === '--') {
          this.#state = 'comment';
          this.#tail = BEGUN;
        } else if (char === '>') this.#state = 'text';
        return;
      case 'comment':
        // The mark of its beginning is nothing that it can have in it.
        this.#tail = (this.#tail + (char === BEGUN ? ' ' : char)).slice(-4);
        if (/(?:--|--!|\^-?)>$/.test(this.#tail)) this.#state = 'text';
        return;
      case 'raw':
        this.#tail = (this.#tail + char.toLowerCase()).slice(-(this.#tag.length + 3));
        if (this.#tail.endsWith('<!--') && this.#tag === 'script') {
          throw new TypeError('Cannot use HTML with "<!--" in a script');
        }
        // In SVG it would be a tag.
        if (/<[^/]$/.test(this.#tail) && TEXT_ONLY.has(this.#tag)) {
          throw new TypeError(`Cannot use HTML with a tag in <${this.#tag}>`);
        }
        if (this.#tail.slice(0, -1) === `</${this.#tag}` && /[\t\n\f\r />]/.test(char)) {
          this.#closing = true;
          if (char === '>') this.#state = 'text';
          else this.#state = 'beforeName';
        }
        return;
    }
  }

  #beforeName(char: string): void {
    if (char === '>') this.#endTag();
    else if (SPACE.test(char) || char === '/') this.#state = 'beforeName';
    else {
      this.#state = 'name';
      this.#name = char.toLowerCase();
    }
  }

  #tagName(char: string): void {
    if (this.#tag === '' && !this.#closing && char === '/') this.#closing = true;
    else if (this.#tag === '' && !LETTER.test(char)) this.#noTag(char);
    else if (char === '>') this.#endTag();
    else if (SPACE.test(char) || char === '/') this.#state = 'beforeName';
    else this.#tag += char.toLowerCase();
  }

  /** What comes after "<" or "</" begins no tag. */
  #noTag(char: string): void {
    this.#tail = '';
    if (char === '!' || char === '?' || this.#closing) {
      this.#state = char === '>' ? 'text' : 'markup';
      // Only after "<!" may it become a comment that ends with "-->".
      if (char !== '!' || this.#closing) this.#tail = '?';
    } else if (char !== '<') this.#state = 'text';
  }

  #endTag(): void {
    this.#state = 'text';
    this.#tail = '';
    if (!this.#closing && (RAW.has(this.#tag) || TEXT_ONLY.has(this.#tag))) this.#state = 'raw';
  }

  #valueChar(char: string): void {
    if (this.#afterUrl && this.#value === '' && !/[/?#]/.test(char)) throw unsafeUrl(this.#name);
    this.#value += char;
  }
}

function unsafe(where: string): TypeError {
  return new TypeError(`Cannot put a value into HTML ${where}`);
}

function unsafeUrl(name: string): TypeError {
  return unsafe(`in the middle of the URL of "${name}": put the whole URL together first`);
}
