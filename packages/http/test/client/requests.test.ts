import { expect, test } from 'vitest';
import { StubServer, testClient } from '../../testing/index.ts';

test('an app is asked and answers', async () => {
  await using client = testClient((request) => new Response(`You asked for ${request.url}`));
  const response = await client.get('/hello?a=1');
  expect(response.status).toBe(200);
  expect(response.url).toBe('http://test/hello?a=1');
  expect(await response.text()).toBe('You asked for http://test/hello?a=1');
});

test('what is asked reaches the server as it was said', async () => {
  const stub = new StubServer();
  stub.expect('POST', '/items?x=1&tag=a&tag=b').reply({ status: 201, json: { id: 7 } });
  await using client = testClient(stub, { headers: { 'x-all': '1', 'x-own': 'no' } });
  const response = await client.post('/items?x=1', {
    query: { tag: ['a', 'b'], none: undefined },
    json: { name: 'ü' },
    headers: { 'X-Own': 'yes' },
    auth: ['user', 'pässword'],
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ id: 7 });
  const [request] = stub.requests;
  expect(request?.json()).toEqual({ name: 'ü' });
  expect(request?.authority).toBe('test');
  expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({
    'content-type': 'application/json',
    'x-all': '1',
    'x-own': 'yes',
    authorization: `Basic ${Buffer.from('user:pässword').toString('base64')}`,
    'accept-encoding': expect.stringContaining('gzip') as string,
  });
  stub.verify();
});
