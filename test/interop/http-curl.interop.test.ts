import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Conversation } from './conversation.ts';
import { HttpServer, LINES, succeed } from './http-server.ts';
import { interop, peer } from './peer.ts';

// What curl says of a server whose limits are the default ones.

const MEBIBYTE = 1_048_576;

describe('curl', () => {
  let server: HttpServer;

  beforeAll(async () => {
    server = await HttpServer.start();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  interop('each method, with a body or without', ['curl'], async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { status, fields, body } = await ask(
        ['-X', method, '-d', 'strand'],
        `${server.plain}/echo`,
      );
      expect([status, fields['x-method'], body]).toEqual(['200', method, 'strand']);
    }
    const options = await ask(['-X', 'OPTIONS'], `${server.plain}/echo`);
    expect([options.status, options.fields['allow']]).toEqual([
      '204',
      'DELETE, PATCH, POST, PUT, OPTIONS',
    ]);
    const wrong = await ask([], `${server.plain}/echo`);
    expect([wrong.status, wrong.fields['allow']]).toEqual(['405', options.fields['allow']]);
    expect((await ask([], `${server.plain}/nowhere`)).status).toBe('404');
    expect((await ask(['-X', 'BREW'], `${server.plain}/hello`)).status).toBe('501');
  });

  interop('HEAD has the head of GET and no body', ['curl'], async () => {
    const get = await ask([], `${server.plain}/hello`);
    const head = await ask(['-I'], `${server.plain}/hello`);
    expect(get.body).toBe('hello\n');
    expect(head.body).toBe('');
    expect({ ...head.fields, date: '' }).toEqual({ ...get.fields, date: '' });
    const file = await ask(['-I'], `${server.plain}/files/lines.txt`);
    expect(file.fields['content-length']).toBe(`${LINES.length}`);
  });

  interop('ranges of a file, one, several and resumed', ['curl'], async () => {
    const url = `${server.plain}/files/lines.txt`;
    const one = await ask(['-r', '8000-8007'], url);
    expect([one.status, one.body]).toEqual(['206', '0001000\n']);
    expect(one.fields['content-range']).toBe('bytes 8000-8007/80000');
    const last = await ask(['-r', '-8'], url);
    expect(last.body).toBe('0009999\n');

    const several = await ask(['-r', '0-7,40000-40007'], url);
    expect(several.status).toBe('206');
    const boundary = /^multipart\/byteranges; boundary="?([^"]+)"?$/.exec(
      several.fields['content-type'] ?? '',
    )?.[1];
    const bodies = several.body.split(`--${boundary}`).map((part) => part.split('\r\n\r\n')[1]);
    expect(bodies.filter((body) => body !== undefined)).toEqual(['0000000\n\r\n', '0005000\n\r\n']);

    const beyond = await ask(['-r', '80000-'], url);
    expect([beyond.status, beyond.fields['content-range']]).toEqual(['416', 'bytes */80000']);

    const partial = server.file('resumed.txt', LINES.slice(0, 12_345));
    await curl(['-C', '-', '-o', partial, url]);
    expect(await sha256(partial)).toBe(createHash('sha256').update(LINES).digest('hex'));
  });

  interop('a file that has not changed is not sent again', ['curl'], async () => {
    const url = `${server.plain}/files/lines.txt`;
    const tags = `${server.folder}/etag`;
    expect((await ask(['--etag-save', tags], url)).status).toBe('200');
    const again = await ask(['--etag-compare', tags], url);
    expect([again.status, again.body]).toEqual(['304', '']);
    const since = await ask(['-z', `${server.folder}/lines.txt`], url);
    expect(since.status).toBe('304');
  });

  interop('an upload in chunks, and one of a known length', ['curl'], async () => {
    const content = Buffer.alloc(3 * MEBIBYTE, 'hemp and manila ');
    const file = server.file('upload', content);
    for (const flags of [
      ['-T', file],
      ['-T', '-', '-H', 'Expect:'],
      ['-T', file, '-H', 'Transfer-Encoding: chunked'],
    ]) {
      const all = ['-X', 'POST', ...flags, `${server.plain}/count`];
      const { stdout } = await succeed('curl', ['-sS', ...all], { input: content });
      expect(JSON.parse(stdout)).toEqual({ bytes: content.length });
    }
  });

  interop('--limit-rate: who takes or sends slowly is served to the end', ['curl'], async () => {
    const bytes = 300_000;
    const file = server.file('slow-upload', Buffer.alloc(bytes, 'tow'));
    const slow = ['--limit-rate', '150k', '-H', 'Expect:'];
    for (const flag of ['--http1.1', '--http2']) {
      const down = ['-o', '/dev/null', '-w', '%{size_download}'];
      const { stdout } = await curl([
        flag,
        ...slow,
        ...down,
        `${server.secure}/flood?bytes=${bytes}`,
      ]);
      expect(stdout).toBe(`${bytes}`);
      const up = await curl([flag, ...slow, '--data-binary', `@${file}`, `${server.secure}/count`]);
      expect(JSON.parse(up.stdout)).toEqual({ bytes });
    }
  });

  interop('Expect: 100-continue is answered before the body comes', ['curl'], async () => {
    const file = server.file('expected', 'x'.repeat(2_000));
    const expected = ['-v', '-H', 'Expect: 100-continue', '--expect100-timeout', '600'];
    const url = `${server.plain}/whole`;
    const { stdout, stderr } = await curl([...expected, '--data-binary', `@${file}`, url]);
    expect(stdout).toBe('2000\n');
    expect(stderr).toContain('< HTTP/1.1 100 Continue');
    // The answer begins before the body is there, and is made of it.
    for (const base of [server.plain, server.secure]) {
      const echo = await curl([...expected, '--data-binary', `@${file}`, `${base}/echo`]);
      expect(echo.stdout).toBe('x'.repeat(2_000));
      expect(echo.stderr).toMatch(/^< HTTP\/[12.]+ 100/m);
    }
    // Refused before anything of it was sent: curl would wait ten minutes to send it uninvited.
    const huge = server.file('huge', Buffer.alloc(2 * MEBIBYTE));
    const refused = await curl([...expected, '--data-binary', `@${huge}`, url]);
    expect(refused.stderr).toContain('< HTTP/1.1 413 ');
    expect(refused.stderr).not.toContain('100 Continue');
  });

  interop('one connection serves many requests', ['curl'], async () => {
    const format = ['-w', ' %{num_connects} %{http_version}\n'];
    // Not without TLS: curl 7.88 begins again with the preface on a connection that it uses again.
    for (const [flag, said, version] of [
      ['--http1.1', '1.1', '1.1'],
      ['--http2', '2.0', '2'],
    ] as const) {
      const urls = Array.from({ length: 20 }, (_, n) => `${server.secure}/json/${n}`);
      const { stdout } = await curl([flag, ...format, ...urls]);
      expect(stdout.trimEnd().split('\n')).toEqual(
        urls.map((_, n) => {
          const json = JSON.stringify({ name: `${n}`, secure: true, version: said });
          return `${json} ${n === 0 ? 1 : 0} ${version}`;
        }),
      );
    }
  });

  interop('many requests at a time over HTTP/2 and HTTP/1.1', ['curl'], async () => {
    const urls = Array.from({ length: 50 }, (_, n) => ['-o', '-', `${server.secure}/json/${n}`]);
    for (const flag of ['--http2', '--http1.1']) {
      const { stdout } = await curl([flag, '-Z', '--parallel-max', '10', ...urls.flat()]);
      const names = [...stdout.matchAll(/"name":"(\d+)"/g)].map(([, name]) => Number(name));
      expect(names.sort((a, b) => a - b)).toEqual(urls.map((_, n) => n));
    }
  });

  interop('versions: agreed on by ALPN, known before, or none at all', ['curl'], async () => {
    const versionOf = async (flag: string, base: string): Promise<unknown> => {
      const { stdout } = await curl([flag, '-w', ' %{http_version}', `${base}/json/x`]);
      const [json = '', version] = stdout.split(' ');
      return [version, JSON.parse(json)];
    };
    const said = (version: string, secure: boolean): unknown => ({ name: 'x', version, secure });
    const { plain, secure } = server;
    expect(await versionOf('--http2', secure)).toEqual(['2', said('2.0', true)]);
    expect(await versionOf('--http1.1', secure)).toEqual(['1.1', said('1.1', true)]);
    expect(await versionOf('--http2-prior-knowledge', plain)).toEqual(['2', said('2.0', false)]);
    // Upgrade: h2c, which is no longer part of HTTP, is not taken up.
    expect(await versionOf('--http2', plain)).toEqual(['1.1', said('1.1', false)]);
    expect(await versionOf('--http1.0', plain)).toEqual(['1.1', said('1.0', false)]);
  });

  interop(
    'HTTP/1.0 gets a body without chunks, to the end of the connection',
    ['curl'],
    async () => {
      const { body, fields } = await ask(['--http1.0'], `${server.plain}/slow`);
      expect(body).toBe('line 1\nline 2\nline 3\n');
      expect(fields).toMatchObject({ connection: 'close' });
      expect(fields['transfer-encoding']).toBeUndefined();
      const kept = ['--http1.0', '-H', 'Connection: keep-alive', '-w', '%{num_connects} '];
      const { stdout } = await curl([...kept, `${server.plain}/hello`, `${server.plain}/hello`]);
      expect(stdout).toBe('hello\n1 hello\n0 ');
    },
  );

  interop('trailers come behind the body', ['curl'], async () => {
    for (const flag of ['--http1.1', '--http2-prior-knowledge']) {
      const heads = `${server.folder}/heads`;
      const asked = ['-H', 'TE: trailers', '-D', heads, `${server.plain}/slow`];
      expect((await curl([flag, ...asked])).stdout).toBe('line 1\nline 2\nline 3\n');
      const { stdout } = await succeed('cat', [heads]);
      expect(stdout).toMatch(/\r\n\r\nx-lines: 3\r\n/);
    }
  });

  interop('limits: 413, 414 and 431, and the next request is served', ['curl'], async () => {
    const { plain } = server;
    const status = async (...args: string[]): Promise<string> =>
      (await curl(['-o', '/dev/null', '-w', '%{http_code}', ...args])).stdout;
    const upload = ['--data-binary', `@${server.file('huge', Buffer.alloc(2 * MEBIBYTE))}`];
    // Over HTTP/2 nghttp is asked: curl 7.88 may lose an answer that comes before it has sent all.
    expect(await status(...upload, `${plain}/whole`)).toBe('413');
    const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:'];
    expect(await status(...chunked, ...upload, `${plain}/whole`)).toBe('413');
    const many = Array.from({ length: 101 }, (_, n) => ['-H', `X-${n}: ${n}`]).flat();
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      expect(await status(version, `${plain}/${'a'.repeat(8_192)}`)).toBe('414');
      const long = ['-H', `X-Long: ${'a'.repeat(16_384)}`];
      expect(await status(version, ...long, `${plain}/hello`)).toBe('431');
      expect(await status(version, ...many, `${plain}/hello`)).toBe('431');
      expect((await curl([version, `${plain}/hello`])).stdout).toBe('hello\n');
    }
  });

  interop('--compressed gets what was compressed, by each coding', ['curl'], async () => {
    const long = 'a rope of many strands\n'.repeat(1_000);
    const best = await ask(['--compressed'], `${server.plain}/long`);
    expect(best.body).toBe(long);
    expect(best.fields['content-encoding']).toMatch(/^(?:br|zstd)$/);
    const gzip = await ask(['--compressed', '-H', 'Accept-Encoding: gzip'], `${server.plain}/long`);
    expect([gzip.body, gzip.fields['content-encoding']]).toEqual([long, 'gzip']);
    const plain = await ask([], `${server.plain}/long`);
    expect([plain.body, plain.fields['content-encoding']]).toEqual([long, undefined]);
  });

  interop('a form with fields and files', ['curl'], async () => {
    const photo = Buffer.alloc(300_000, '\u{ff}\0\r\n--', 'latin1');
    const file = server.file('photo.jpg', photo);
    const form = ['-F', 'title=Two strands', '-F', `photo=@${file};type=image/jpeg`];
    for (const base of [server.plain, server.secure]) {
      const { stdout } = await curl([...form, '-F', 'empty=', `${base}/form`]);
      expect(JSON.parse(stdout)).toEqual([
        { name: 'title', value: 'Two strands' },
        {
          name: 'photo',
          filename: 'photo.jpg',
          mimeType: 'image/jpeg',
          bytes: photo.length,
          sha256: createHash('sha256').update(photo).digest('hex'),
        },
        { name: 'empty', value: '' },
      ]);
    }
    const { stdout } = await curl(['--data-urlencode', 'a=b & c', `${server.plain}/form`]);
    expect(JSON.parse(stdout)).toEqual([{ name: 'a', value: 'b & c' }]);
  });

  interop('events come one by one, and end', ['curl'], async () => {
    const { stdout } = await curl(['-N', '-H', 'Last-Event-ID: 7', `${server.plain}/events`]);
    expect(stdout).toContain('id: 8\ndata: {"id":8,"lastEventId":"7"}\n\n');
    expect(stdout).toContain('id: 9\n');
  });

  test('requests in one segment are answered in their order', async () => {
    using raw = await Conversation.open(server.ports.plain);
    const get = (n: number): string => `GET /json/${n} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const upload =
      'POST /echo HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '6\r\nstrand\r\n0\r\nX-Sum: 6\r\n\r\n';
    const gets = Array.from({ length: 40 }, (_, n) => get(n));
    raw.say(gets.slice(0, 20).join('') + upload + gets.slice(20).join(''));
    for (let n = 0; n < 20; n++) await raw.waitFor(nextJson(n));
    await raw.waitFor(/strand\r\n0\r\nx-sum: 6\r\n\r\n/);
    for (let n = 20; n < 40; n++) await raw.waitFor(nextJson(n));
    raw.say('GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await raw.waitFor(/connection: close\r\n.*\r\nhello\n$/s);
    expect(await raw.end()).toBe('');
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });
});

interface Answer {
  readonly status: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The final head and the body, as `curl -i` shows them. */
async function ask(args: readonly string[], url: string): Promise<Answer> {
  let { stdout } = await curl(['-i', ...args, url]);
  for (;;) {
    const end = stdout.indexOf('\r\n\r\n');
    const [line = '', ...lines] = stdout.slice(0, end).split('\r\n');
    stdout = stdout.slice(end + 4);
    const status = line.split(' ')[1] ?? '';
    if (status.startsWith('1')) continue;
    const fields = lines.map((each): [string, string] => {
      const colon = each.indexOf(': ');
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 2)];
    });
    return { status, fields: Object.fromEntries(fields), body: stdout };
  }
}

/** An answer of `/json` with nothing before it. */
function nextJson(n: number): RegExp {
  return new RegExp(`^HTTP/1\\.1 200 [^{]*\\{"name":"${n}"[^}]*\\}`);
}

/** Whatever the status, it must have gone by the book. */
function curl(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return succeed(peer('curl') ?? 'curl', ['-sSk', '--max-time', '60', ...args]);
}

async function sha256(path: string): Promise<string> {
  const { stdout } = await succeed('sha256sum', [path]);
  return stdout.split(' ')[0] ?? '';
}
