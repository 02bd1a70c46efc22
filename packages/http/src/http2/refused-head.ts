import type { FieldLines } from '../contract/field-lines.ts';
import type { HeadRefusal, Http2RequestHead } from './read-request.ts';

/** What a client is told whose head was refused, by the status. */
export const REFUSALS: Readonly<Record<HeadRefusal, string>> = {
  400: 'Bad Request\n',
  414: 'URI Too Long\n',
  417: 'Expectation Failed\n',
  431: 'Request Header Fields Too Large\n',
  501: 'Not Implemented\n',
};

/** Of a head that was refused, enough to answer it. */
export function headOfRefused(lines: FieldLines): Http2RequestHead {
  return {
    method: lines[lines.indexOf(':method') + 1] === 'HEAD' ? 'HEAD' : 'GET',
    target: '/',
    authority: '',
    fields: [],
    expectsContinue: false,
    contentLength: undefined,
    wantsTrailers: false,
  };
}
