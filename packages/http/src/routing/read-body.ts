import { formToObject } from '../forms/form.ts';
import { parseMimeType } from '../web/mime-type.ts';
import { collectPairs, UnfitFields } from './collect-pairs.ts';

/** A body as a value, or why it is none. */
export type ReadBody =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'malformed'; readonly why: string };

const NOTHING: ReadBody = { kind: 'value', value: undefined };

/**
 * Reads a body of JSON (`application/json`, `*+json`) or a form, urlencoded or multipart. Without content it is `undefined`. Rejects as
 * `request.text()` does, such as for what is too long.
 */
export async function readBody(request: Request): Promise<ReadBody> {
  const field = request.headers.get('content-type');
  if (field === null) return request.body === null ? NOTHING : { kind: 'unsupported' };
  const type = parseMimeType(field);
  const essence = type?.essence ?? '';
  const charset = type?.parameters.get('charset')?.toLowerCase() ?? 'utf-8';
  const isJson = essence === 'application/json' || essence.endsWith('+json');
  const isForm = essence === 'application/x-www-form-urlencoded';
  if (essence === 'multipart/form-data') return fieldsOf(formToObject, await request.formData());
  if ((!isJson && !isForm) || (charset !== 'utf-8' && charset !== 'utf8')) {
    return { kind: 'unsupported' };
  }
  const text = await request.text();
  return isJson ? parseJson(text) : fieldsOf(collectPairs, new URLSearchParams(text));
}

function parseJson(text: string): ReadBody {
  if (text === '') return NOTHING;
  try {
    return { kind: 'value', value: JSON.parse(text, mayHoldProto(text) ? refuseProto : undefined) };
  } catch (error) {
    return { kind: 'malformed', why: error instanceof ProtoKey ? error.message : 'It is not JSON' };
  }
}

// A key "__proto__" becomes the prototype of whatever is copied from the value; nobody sends one in good faith.
class ProtoKey extends Error {}

// Each of its letters can be written as an escape.
function mayHoldProto(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u00');
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProtoKey('It has a key "__proto__"');
  return value;
}

function fieldsOf<Source>(collect: (source: Source) => unknown, source: Source): ReadBody {
  try {
    return { kind: 'value', value: collect(source) };
  } catch (error) {
    if (error instanceof UnfitFields) return { kind: 'malformed', why: error.message };
    throw error;
  }
}
