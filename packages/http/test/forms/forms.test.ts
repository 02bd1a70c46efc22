import { Blob, File } from 'node:buffer';
import { chunkings, SeededRandom } from '@hawser/core/testing';
import { describe, expect, test } from 'vitest';
import type { FormLimits } from '../../src/forms/form-limits.ts';
import { parts } from '../../src/forms/parts.ts';
import { parseForm, readForm } from '../../src/forms/read-form.ts';
import { HttpError } from '../../src/http-error.ts';
import { BOUNDARY, field, file, MULTIPART, multipart, PiecedRequest } from './multipart.ts';

const URLENCODED = 'application/x-www-form-urlencoded';

/** What a form has, files by name, type and content. */
async function show(form: FormData): Promise<unknown[]> {
  const shown: unknown[] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') shown.push([name, value]);
    else shown.push([name, value.name, value.type, await value.text()]);
  }
  return shown;
}

function formOf(type: string, body: string | Uint8Array, limits?: FormLimits): Promise<FormData> {
  return readForm(new PiecedRequest(type, [Buffer.from(body as string)]), limits);
}

async function statusOf(reading: Promise<unknown>): Promise<number | undefined> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  expect(error).toBeInstanceOf(HttpError);
  return (error as HttpError).status;
}

describe('a form', () => {
  test('that the standard writes is read as the standard reads it', async () => {
    const form = new FormData();
    form.append('plain', 'value');
    form.append('plain', 'another');
    form.append('__proto__', 'polluted');
    form.append('constructor', 'x');
    form.append('empty', '');
    form.append('ünï "quoted"\r\n', 'wörth\r\nmore');
    form.append('file', new File(['contents \u00e4'], 'na"me ü.txt', { type: 'text/plain' }));
    form.append('blob', new Blob(['\r\n--x']), 'blob.bin');
    form.append('nothing', new File([], 'empty.txt'));
    const written = new Response(form);
    const type = written.headers.get('content-type') as string;
    const bytes = new Uint8Array(await written.arrayBuffer());
    const theirs = await new Response(bytes, { headers: { 'content-type': type } }).formData();
    expect(await show(await parseForm(bytes, type))).toEqual(await show(theirs));
    expect({}).not.toHaveProperty('polluted');
  });

  test.each([
    'a=1&b=2&a=3',
    '&?a=1',
    'a=+&+=%2B',
    'a=\ufeff',
    '\ufeffa=1',
    'a',
    '=',
    '&&a=&',
    'a=%C3%A4+%26',
    'a=%zz%',
    '__proto__=1',
    '',
  ])('urlencoded as %j is read as the standard reads it', async (text) => {
    const theirs = await new Response(text, {
      headers: { 'content-type': URLENCODED },
    }).formData();
    expect(await show(await formOf(URLENCODED, text))).toEqual(await show(theirs));
  });

  test('may arrive cut anywhere', async () => {
    const body = multipart([
      field('a', '1'),
      file('f', 'n.txt', 'x\r\n--x-bound'),
      field('b', '2'),
    ]);
    const expected = [
      ['a', '1'],
      ['f', 'n.txt', 'text/x-test', 'x\r\n--x-bound'],
      ['b', '2'],
    ];
    for (const pieces of chunkings(body, 'every')) {
      const form = await readForm(new PiecedRequest(MULTIPART, pieces));
      expect(await show(form)).toEqual(expected);
    }
  });

  test('cut off anywhere is refused', async () => {
    const body = multipart([field('a', '1'), file('f', 'n.txt', 'content')]);
    // The last CR LF is not needed.
    for (let length = 0; length < body.length - 2; length++) {
      expect(await statusOf(formOf(MULTIPART, body.subarray(0, length)))).toBe(400);
    }
  });

  test.each([
    ['text/plain', 415],
    ['multipart/mixed; boundary=a', 415],
    ['multipart/form-data', 400],
    [`${URLENCODED}; charset=iso-8859-1`, 415],
    [`${URLENCODED}; charset=UTF-8`, undefined],
    ['', 415],
  ])('of type %j gives %j', async (type, status) => {
    expect(await statusOf(formOf(type, 'a=b'))).toBe(status);
  });

  test.each([
    ['a header line without a colon', { head: 'nonsense', body: '' }],
    ['a part without a name', { head: 'Content-Disposition: form-data', body: '' }],
    [
      'an unknown charset',
      {
        ...field('a', 'x'),
        head: `${field('a', '').head}\r\nContent-Type: text/plain; charset=nope`,
      },
    ],
    ['a head of 20 KiB', { head: `X: ${'x'.repeat(20_000)}\r\n${field('a', '').head}`, body: '' }],
  ])('with %s is refused', async (_what, part) => {
    expect(await statusOf(formOf(MULTIPART, multipart([field('z', '1'), part])))).toBe(400);
  });

  test('has fields in the charset they name', async () => {
    const head = `${field('a', '').head}\r\nContent-Type: text/plain; charset=iso-8859-1`;
    const body = Buffer.concat([
      Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`),
      Buffer.from([0xe4]),
      Buffer.from(`\r\n--${BOUNDARY}--`),
    ]);
    expect(await show(await formOf(MULTIPART, body))).toEqual([['a', 'ä']]);
  });

  test.each([
    ['/etc/passwd', 'passwd'],
    ['..\\\\..\\\\boot.ini', 'boot.ini'],
    ['..', ''],
    ['a/..', ''],
    ['a%0D%0Ab%22', 'ab"'],
  ])('has only the last segment of the file name %j', async (sent, expected) => {
    const form = await formOf(MULTIPART, multipart([file('f', sent, 'x')]));
    expect((form.get('f') as File).name).toBe(expected);
  });

  const bytes = 10;
  const full: readonly [string, FormLimits, string | Buffer, string | Buffer][] = [
    ['maxBytes', { maxBytes: bytes }, `a=${'x'.repeat(8)}`, `a=${'x'.repeat(9)}`],
    ['maxFields', { maxFields: 3 }, 'a=1&b=2&c=3', 'a=1&b=2&c=3&d=4'],
    ['maxFieldBytes', { maxFieldBytes: 3 }, 'a=123', 'a=1234'],
    ['maxNameBytes', { maxNameBytes: 3 }, 'abc=1', 'abcd=1'],
    [
      'maxFields of multipart',
      { maxFields: 2 },
      multipart([field('a', '1'), field('b', '2')]),
      multipart([field('a', '1'), field('b', '2'), field('c', '3')]),
    ],
    [
      'maxFieldBytes of multipart',
      { maxFieldBytes: 3 },
      multipart([field('a', '123')]),
      multipart([field('a', '1234')]),
    ],
    [
      'maxNameBytes of multipart',
      { maxNameBytes: 3 },
      multipart([field('abc', '1')]),
      multipart([field('abcd', '1')]),
    ],
    [
      'maxNameBytes of a file name',
      { maxNameBytes: 3 },
      multipart([file('a', 'abc', '1')]),
      multipart([file('a', 'abcd', '1')]),
    ],
    [
      'maxFiles',
      { maxFiles: 1 },
      multipart([file('a', 'a', '1')]),
      multipart([file('a', 'a', '1'), file('b', 'b', '2')]),
    ],
    [
      'maxFileBytes',
      { maxFileBytes: 5 },
      multipart([file('a', 'a', '12345')]),
      multipart([file('a', 'a', '123456')]),
    ],
    [
      'the number of parts that are neither',
      { maxFields: 1, maxFiles: 1 },
      multipart([
        { head: 'X: y', body: '' },
        { head: 'X: y', body: '' },
      ]),
      multipart(Array.from({ length: 3 }, () => ({ head: 'X: y', body: '' }))),
    ],
  ];
  test.each(full)('of exactly %s is read, one more is refused', async (_what, limits, ok, over) => {
    const type = typeof ok === 'string' ? URLENCODED : MULTIPART;
    expect(await statusOf(formOf(type, ok, limits))).toBe(undefined);
    expect(await statusOf(formOf(type, over, limits))).toBe(413);
  });

  test('announced as too long is refused before it is read', async () => {
    const request = new PiecedRequest(URLENCODED, [Buffer.from('a=b')]);
    request.headers.set('content-length', '1048577');
    expect(await statusOf(readForm(request))).toBe(413);
    expect(request.pulled).toBe(0);
  });

  test('with a negative limit is a mistake', async () => {
    await expect(readForm(new PiecedRequest(URLENCODED, []), { maxFiles: -1 })).rejects.toThrow(
      RangeError,
    );
  });
});

test.each([1, 2, 3, 4, 5])(
  'damaged forms are read or refused, and always end (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const whole = multipart([
      field('a', '1'),
      file('f', 'n.txt', 'x'.repeat(50)),
      field('b', '\r\n--'),
    ]);
    const outcomes = new Set<number | undefined>();
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole);
      for (let damage = random.below(3); damage >= 0; damage--) {
        const at = random.below(bytes.length);
        if (random.below(2) === 0) bytes[at] = random.below(256);
        else bytes.copy(bytes, at, random.below(bytes.length));
      }
      const cut = random.below(bytes.length);
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      outcomes.add(await statusOf(readForm(new PiecedRequest(MULTIPART, pieces))));
    }
    expect([...outcomes].every((status) => status === undefined || status === 400)).toBe(true);
    expect(outcomes.size).toBe(2);
  },
);

describe('parts', () => {
  test('of a urlencoded form come while it arrives, in any pieces', async () => {
    const body = Buffer.from('a=1&&long=%C3%A4+b&\u00e4=&last');
    for (const pieces of chunkings(body, 'every')) {
      const names: string[] = [];
      for await (const part of parts(new PiecedRequest(URLENCODED, pieces))) names.push(part.name);
      expect(names).toEqual(['a', 'long', '\u00e4', 'last']);
    }
    const request = new PiecedRequest(URLENCODED, [Buffer.from('a=1&b'), Buffer.from('=2')]);
    const reading = parts(request);
    expect((await reading.next()).value).toMatchObject({ name: 'a', value: '1' });
    expect(request.pulled).toBe(1);
    await reading.return();
    expect(request.cancelled).toBe('cancelled');
  });

  test('of a urlencoded form keep a question mark in front', async () => {
    expect(await show(await formOf(URLENCODED, '?a=1'))).toEqual([['?a', '1']]);
  });

  test('of a urlencoded form that are too long are not waited for', async () => {
    const piece = Buffer.alloc(1_000, 'x');
    const limits = { maxNameBytes: 10, maxFieldBytes: 1_000 };
    const request = new PiecedRequest(URLENCODED, Array(1_000).fill(piece));
    expect(await statusOf(parts(request, limits).next())).toBe(413);
    expect(request.pulled).toBeLessThan(10);
    expect(request.cancelled).toBe('cancelled');
    // Encoded it is three times as long.
    const encoded = Buffer.from(`n=${'%20'.repeat(1_000)}`);
    const part = await parts(new PiecedRequest(URLENCODED, [encoded]), limits).next();
    expect(part.value).toMatchObject({ name: 'n', value: ' '.repeat(1_000) });
  });

  const upload = (count: number): Buffer[] => [
    Buffer.from(`--${BOUNDARY}\r\n${file('f', 'big', '').head}\r\n\r\n`),
    ...Array.from({ length: count }, () => Buffer.alloc(65_536, 'x')),
    Buffer.from(`\r\n--${BOUNDARY}\r\n${field('after', '').head}\r\n\r\nlast\r\n--${BOUNDARY}--`),
  ];

  test('come while the body arrives, and the peer waits for whoever reads a file', async () => {
    const request = new PiecedRequest(MULTIPART, upload(100));
    const reading = parts(request);
    const first = await reading.next();
    if (first.done || first.value.kind !== 'file') throw new Error('no file');
    await new Promise((done) => setImmediate(done));
    expect(request.pulled).toBeLessThan(6);
    let bytes = 0;
    for await (const chunk of first.value.stream) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(100 * 65_536);
    expect((await reading.next()).value).toMatchObject({ name: 'after', value: 'last' });
    expect((await reading.next()).done).toBe(true);
  });

  test('that are not read are skipped', async () => {
    const request = new PiecedRequest(MULTIPART, upload(20));
    const names: string[] = [];
    for await (const part of parts(request)) names.push(part.name);
    expect(names).toEqual(['f', 'after']);
  });

  test('of which somebody has read enough are skipped', async () => {
    const request = new PiecedRequest(MULTIPART, upload(20));
    const read: unknown[] = [];
    for await (const part of parts(request)) {
      if (part.kind === 'field') read.push(part.name);
      else for await (const chunk of part.stream) if (read.push((chunk as Buffer).length)) break;
    }
    expect(read).toEqual([65_536, 'after']);
  });

  test('left in the middle cancel the body', async () => {
    const request = new PiecedRequest(MULTIPART, upload(100));
    for await (const part of parts(request)) {
      expect(part.name).toBe('f');
      break;
    }
    await new Promise((done) => setImmediate(done));
    expect(request.cancelled).toBeDefined();
    expect(request.pulled).toBeLessThan(8);
  });

  test('whose body fails fail with its error, and so does the file that is read', async () => {
    const gone = new Error('the peer left');
    const request = new PiecedRequest(MULTIPART, upload(2).slice(0, 2), gone);
    const reading = parts(request);
    const { value } = await reading.next();
    if (value?.kind !== 'file') throw new Error('no file');
    await expect(value.stream.toArray()).rejects.toBe(gone);
    await expect(reading.next()).rejects.toBe(gone);
  });

  test('over a limit fail the file that is read', async () => {
    const reading = parts(new PiecedRequest(MULTIPART, upload(3)), { maxFileBytes: 100_000 });
    const { value } = await reading.next();
    if (value?.kind !== 'file') throw new Error('no file');
    await expect(value.stream.toArray()).rejects.toMatchObject({ status: 413 });
    await expect(reading.next()).rejects.toMatchObject({ status: 413 });
  });
});
