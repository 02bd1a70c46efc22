import { describe, expect, test } from 'vitest';
import { StubServer, testClient } from '../../testing/index.ts';

describe('fetch of a client', () => {
  test('takes what the standard one takes', async () => {
    const stub = new StubServer();
    stub
      .expect('*')
      .always((request) => ({ json: [request.method, request.target, request.text] }));
    await using client = testClient(stub);
    const { fetch } = client;
    const typed: typeof globalThis.fetch = fetch as typeof globalThis.fetch;
    expect(await (await typed('http://a/x?y')).json()).toEqual(['GET', '/x?y', '']);
    expect(await (await fetch(new URL('http://a/'), { method: 'put', body: 'b' })).json()).toEqual([
      'PUT',
      '/',
      'b',
    ]);
    const request = new Request('http://a/r', {
      method: 'POST',
      body: 'c',
      headers: { 'x-a': '1' },
    });
    expect(await (await fetch(request)).json()).toEqual(['POST', '/r', 'c']);
    expect(stub.requests.at(-1)?.headers.get('x-a')).toBe('1');
    const again = new Request('http://a/r', { method: 'POST', body: 'c' });
    expect(await (await fetch(again, { method: 'POST', body: 'd' })).json()).toEqual([
      'POST',
      '/r',
      'd',
    ]);
    expect(
      await client.request(new Request('http://a/q')).addCallback((response) => response.json()),
    ).toEqual(['GET', '/q', '']);
  });

  test('rejects with the reason of its signal', async () => {
    const stub = new StubServer();
    stub.expect('*').always('silence');
    await using client = testClient(stub);
    const controller = new AbortController();
    const asked = client.fetch('http://a/', { signal: controller.signal });
    await client.reactor.clock.settle();
    controller.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    const aborted = client.fetch('http://a/', { signal: AbortSignal.abort('reason') });
    await expect(aborted).rejects.toBe('reason');
  });

  test('fails who reads a body with the reason of its signal', async () => {
    const stub = new StubServer();
    stub.expect('*').always({ body: ['a', 'b'], pieceDelayMs: 1_000 });
    await using client = testClient(stub);
    const controller = new AbortController();
    const { signal } = controller;
    const collected = (await client.fetch('http://a/', { signal })).text();
    const streamed = (await client.fetch('http://a/', { signal })).body?.getReader();
    await streamed?.read();
    const next = streamed?.read();
    controller.abort();
    await expect(collected).rejects.toBe(signal.reason);
    await expect(next).rejects.toBe(signal.reason);
  });

  test.each(['ftp://a/', 'http://', 'http://a:99999/'])('rejects %j', async (url) => {
    await using client = testClient(() => new Response());
    await expect(client.fetch(url)).rejects.toThrow(TypeError);
  });

  test('takes what is undefined for not said, and a Request for options', async () => {
    const stub = new StubServer();
    stub
      .expect('*')
      .always((request) => ({ json: [request.method, request.headers.get('x-a'), request.text] }));
    await using client = testClient(stub);
    const made = (): Request =>
      new Request('http://a/', { method: 'POST', body: 'b', headers: { 'x-a': '1' } });
    const nothing = { method: undefined, body: undefined, headers: undefined, signal: undefined };
    expect(await (await client.fetch(made(), nothing)).json()).toEqual(['POST', '1', 'b']);
    expect((await client.fetch('http://a/', null as unknown as undefined)).status).toBe(200);
    expect(await (await client.fetch('http://a/', made())).json()).toEqual(['POST', '1', 'b']);
    expect(await (await client.request(made(), { method: undefined })).json()).toEqual([
      'POST',
      '1',
      'b',
    ]);
  });
});
