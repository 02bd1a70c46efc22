import { File } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpResponse, readForm, router, validate } from '../../src/index.ts';
import { testClient } from '../../testing/index.ts';
import { field, file, MULTIPART, multipart } from './multipart.ts';

/** What a browser sends for `<input type="file">` when none was chosen. */
const noFile = {
  head: 'Content-Disposition: form-data; name="photo"; filename=""\r\nContent-Type: application/octet-stream',
  body: '',
};

const headers = { 'content-type': MULTIPART };

function formOf(type: string, body: string | Uint8Array): ReturnType<typeof readForm> {
  const bytes = Buffer.from(body as string);
  return readForm(
    new Request('http://a/', { method: 'POST', body: bytes, headers: { 'content-type': type } }),
  );
}

describe('a form', () => {
  test('gives the text of a field, or of all of that name', async () => {
    const form = await formOf('application/x-www-form-urlencoded', 'name=Ann&tag=a&tag=b&empty=');
    expect([form.text('name'), form.text('tag'), form.text('empty'), form.text('none')]).toEqual([
      'Ann',
      'a',
      '',
      '',
    ]);
    expect([form.texts('tag'), form.texts('none')]).toEqual([['a', 'b'], []]);
    expect([form.has('empty'), form.has('none'), form.file('name')]).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(form).toBeInstanceOf(FormData);
  });

  test('gives a file, or all of that name', async () => {
    const body = multipart([
      field('name', 'Ann'),
      file('photo', 'a.png', 'A'),
      file('photo', 'b.png', 'B'),
    ]);
    const form = await formOf(MULTIPART, body);
    expect(form.file('photo')?.name).toBe('a.png');
    expect(await form.file('photo')?.text()).toBe('A');
    expect(form.files('photo').map(({ name }) => name)).toEqual(['a.png', 'b.png']);
    expect([form.text('photo'), form.texts('photo'), form.files('name')]).toEqual(['', [], []]);
  });

  test('has no file where none was chosen, and one where an empty one was', async () => {
    const none = await formOf(MULTIPART, multipart([noFile]));
    expect([none.file('photo'), none.files('photo'), none.toObject()]).toEqual([undefined, [], {}]);
    const empty = await formOf(MULTIPART, multipart([file('photo', 'empty.png', '')]));
    expect(empty.file('photo')).toMatchObject({ name: 'empty.png', size: 0 });
  });

  test('is an object of its fields for a schema', async () => {
    const body = multipart([
      field('name', 'Ann'),
      field('tag', 'a'),
      field('tag', 'b'),
      file('photo', 'a', 'A'),
    ]);
    const object = (await formOf(MULTIPART, body)).toObject();
    expect(object).toEqual({ name: 'Ann', tag: ['a', 'b'], photo: expect.any(File) as File });
    expect(Object.getPrototypeOf(object)).toBeNull();
  });
});

test.each([
  ['that has a field which nobody sends in good faith', '__proto__=1'],
  ['with too many fields', 'a=1&'.repeat(1_001)],
])('a form %s is a fault of the peer as an object', async (_, body) => {
  const app = router().post('/', async (request) =>
    HttpResponse.json((await readForm(request, { maxFields: 2_000 })).toObject()),
  );
  await using client = testClient(app);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await client.post('/', { headers: type, body })).status).toBe(400);
  expect(client.reactor.reports.problems).toEqual([]);
});

describe('validate', () => {
  const schema = z.object({
    name: z.string().min(1),
    tag: z.array(z.string()).optional(),
    photo: z.file().max(1_000).mime('text/x-test').optional(),
  });
  const app = router().post('/', validate({ body: schema }), ({ body }) =>
    HttpResponse.json({ ...body, photo: body.photo?.name }),
  );

  test('checks a form with files as it checks JSON', async () => {
    await using client = testClient(app);
    const body = multipart([
      field('name', 'Ann'),
      field('tag', 'a'),
      field('tag', 'b'),
      file('photo', 'a.png', 'A'),
    ]);
    const response = await client.post('/', { headers, body });
    expect(await response.json()).toEqual({ name: 'Ann', tag: ['a', 'b'], photo: 'a.png' });
    const without = await client.post('/', {
      headers,
      body: multipart([field('name', 'Bo'), noFile]),
    });
    expect(await without.json()).toEqual({ name: 'Bo' });
  });

  test('says what is wrong with a field or a file', async () => {
    await using client = testClient(app);
    const body = multipart([field('name', ''), file('photo', 'a.png', 'x'.repeat(1_001))]);
    const response = await client.post('/', { headers, body });
    expect(response.status).toBe(400);
    const { errors } = await response.json<{ errors: { in: string; path: string }[] }>();
    expect(errors.map((each) => [each.in, each.path])).toEqual([
      ['body', '/name'],
      ['body', '/photo'],
    ]);
  });

  test.each([
    [413, multipart([file('photo', 'a', 'x'.repeat(1_048_576))])],
    [400, multipart([field('__proto__', 'x')])],
    [400, Buffer.from('--x-boundary\r\nno form')],
  ])('refuses with %i', async (status, body) => {
    await using client = testClient(app);
    expect((await client.post('/', { headers, body })).status).toBe(status);
  });

  test('a form without a boundary is malformed', async () => {
    await using client = testClient(app);
    const plain = { headers: { 'content-type': 'multipart/form-data' }, body: '{}' };
    expect((await client.post('/', plain)).status).toBe(400);
  });
});
