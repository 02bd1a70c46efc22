import { createHash } from 'node:crypto';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer } from './http-server.ts';
import { interop, peer } from './peer.ts';

// What a page in Chromium does: with HTTP/2, which it speaks over TLS only, and with HTTP/1.1.

const MINUTE = 60_000;

describe.each([
  ['h2', 'secure'],
  ['http/1.1', 'plain'],
] as const)('Chromium with %s', { timeout: 3 * MINUTE }, (version, how) => {
  const executablePath = peer('chromium');
  let server: HttpServer;
  let browser: Browser | undefined;

  beforeAll(async () => {
    server = await HttpServer.start();
    if (executablePath === undefined) return;
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
      timeout: 2 * MINUTE,
    });
  }, 3 * MINUTE);
  afterAll(async () => {
    await browser?.close();
    await server[Symbol.asyncDispose]();
  }, MINUTE);

  interop('a page asks by fetch', ['chromium'], async () => {
    const page = await open();
    expect(await page.evaluate('ways.version()')).toBe(version);
    expect(await page.evaluate('ways.json(30)')).toEqual(
      Array.from({ length: 30 }, (_, n) => `strand${n}`),
    );
    for (const bytes of [0, 1, 100_000, 5_000_000]) {
      const echo = await page.evaluate(`ways.echo(${bytes})`);
      expect(echo).toEqual({ status: 200, method: 'PUT', same: true });
    }
    expect(await page.evaluate('ways.slow()')).toBe('line 1\nline 2\nline 3\n');
    expect(await page.evaluate('ways.long()')).toEqual({ coding: 'br', length: 23_000 });
    if (version === 'h2') {
      expect(await page.evaluate('ways.streamed(50)')).toEqual({ bytes: 500_000 });
    }
  });

  interop('a page that leaves an answer stops it', ['chromium'], async () => {
    const page = await open();
    expect(await page.evaluate('ways.leave()')).toBeGreaterThan(0);
    const produced = async (): Promise<number> =>
      ((await (await page.request.get('/produced')).json()) as { produced: number }).produced;
    // Nobody makes the rest of it: the same number, some time or other.
    let before = -1;
    await expect
      .poll(
        async () => {
          const last = before;
          before = await produced();
          return before === last;
        },
        { timeout: MINUTE, interval: 500 },
      )
      .toBe(true);
    expect(before).toBeLessThan(10_000_000_000);
    expect(await page.evaluate('ways.json(1)')).toEqual(['strand0']);
  });

  interop('events go on where they were after each reconnection', ['chromium'], async () => {
    const page = await open();
    const event = (id: number, lastEventId: string | null): unknown => ({
      id,
      lastEventId,
      idHere: `${id}`,
    });
    expect(await page.evaluate('ways.events(6)')).toEqual([
      event(1, null),
      event(2, null),
      event(3, '2'),
      event(4, '2'),
      event(5, '4'),
      event(6, '4'),
    ]);
  });

  interop('a form uploads files', ['chromium'], async () => {
    const page = await open();
    const photo = Buffer.alloc(2_000_000, '\u{ff}\u{d8}\r\n--', 'latin1');
    await page.locator('[name=title]').fill('Zwei Stränge & mehr');
    await page.locator('[name=file]').setInputFiles([
      { name: 'photo "1".jpg', mimeType: 'image/jpeg', buffer: photo },
      { name: 'größe.txt', mimeType: 'text/plain', buffer: Buffer.from('42') },
    ]);
    await page.getByText('Upload').click();
    await page.waitForURL('**/form');
    expect(JSON.parse(await page.locator('body').innerText())).toEqual([
      { name: 'title', value: 'Zwei Stränge & mehr' },
      file('photo "1".jpg', 'image/jpeg', photo),
      file('größe.txt', 'text/plain', Buffer.from('42')),
    ]);
  });

  interop('a WebSocket speaks and says goodbye', ['chromium'], async () => {
    const page = await open();
    const messages = ['one', 'zwölf', 'x'.repeat(100_000)];
    expect(await page.evaluate(`ways.talk(${JSON.stringify(messages)})`)).toEqual({
      heard: messages,
      code: 1000,
      wasClean: true,
    });
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });

  async function open(): Promise<Page> {
    if (!browser) throw new Error('There is no browser');
    const page = await browser.newPage({ baseURL: server[how], ignoreHTTPSErrors: true });
    page.setDefaultTimeout(MINUTE);
    await page.goto('/');
    return page;
  }
});

function file(filename: string, mimeType: string, content: Buffer): Record<string, unknown> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: 'file', filename, mimeType, bytes: content.length, sha256 };
}
