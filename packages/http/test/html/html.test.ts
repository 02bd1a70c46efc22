import { describe, expect, test } from 'vitest';
import { type HtmlValue, HttpResponse, html, rawHtml } from '../../src/index.ts';

const NASTY = `<b>"A" & 'B'</b>`;
const ESCAPED = '&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;';

describe('html', () => {
  test('escapes values in text and in quoted attributes', () => {
    expect(String(html`<p title="${NASTY}" lang='${NASTY}'>${NASTY}</p>`)).toBe(
      `<p title="${ESCAPED}" lang='${ESCAPED}'>${ESCAPED}</p>`,
    );
    expect(String(html`<title>${NASTY}</title><textarea>${NASTY}</textarea>`)).toBe(
      `<title>${ESCAPED}</title><textarea>${ESCAPED}</textarea>`,
    );
  });

  test('puts parts together, and joins lists', () => {
    const rows = ['a', '<'].map((name) => html`<li>${name}</li>`);
    expect(String(html`<ul>${rows}</ul>${[1, [2n, ['3']]]}`)).toBe(
      '<ul><li>a</li><li>&lt;</li></ul>123',
    );
  });

  test('shows markup as text where it is the value of an attribute', () => {
    expect(String(html`<p title="${html`<b>"</b>`}">`)).toBe(
      '<p title="&lt;b&gt;&quot;&lt;/b&gt;">',
    );
  });

  test('shows nothing for what is nothing', () => {
    const none: HtmlValue[] = [undefined, null, true, false, '', []];
    expect(String(html`[${none}]`)).toBe('[]');
    expect(String(html`${0}${Number.NaN}${new URL('http://a/?b&c')}`)).toBe(
      '0NaNhttp://a/?b&amp;c',
    );
  });

  test('puts attributes of the program, and no others, between attributes', () => {
    const box = (on: boolean): string => String(html`<input ${on && html`checked`} name="${'x'}">`);
    expect([box(true), box(false)]).toEqual(['<input checked name="x">', '<input  name="x">']);
    const value = 'onclick=alert(1)';
    for (const bad of [value, html`${value}`, rawHtml(value)]) {
      expect(() => html`<input ${bad}>`).toThrow('between attributes');
    }
  });

  test('lets what the program wrote between attributes be no part of another one', () => {
    for (const page of [
      () => html`<a title ${html`onclick`}="${'x'}">`,
      () => html`<a title ${html`onclick`} ="${'x'}">`,
      () => html`<a title ${html`onclick`} = "${'x'}">`,
      () => html`<a ${html`on`}click="${'x'}">`,
      () => html`<a ${html`href=`}"${'x'}">`,
      () => html`<a ${html`on`}${html`click`}="${'x'}">`,
      () => html`<a title=${html`x`}>`,
    ]) {
      expect(page).toThrow(TypeError);
    }
    expect(String(html`<input ${html`checked`}/><b ${html`hidden`}>`)).toBe(
      '<input checked/><b hidden>',
    );
  });

  test('knows where a comment ends', () => {
    expect(() => html`<!-- ^> ${'x'} -->`).toThrow('in a comment');
    expect(() => html`<!--a^-> ${'x'} -->`).toThrow('in a comment');
    expect(String(html`<!--> ${'<'}<!---> ${'<'}`)).toBe('<!--> &lt;<!---> &lt;');
  });

  test.each(['foo+xml', 'xml', 'svg+xml', 'x.y+XML', '-xml'])(
    'takes no URL of an image that is a document: %s',
    (type) => {
      const url = `data:image/${type},<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>`;
      expect(String(html`<embed src="${url}">`)).toBe('<embed src="about:invalid">');
      expect(String(html`<img src="${'data:image/png;base64,AA=='}">`)).toContain('image/png');
    },
  );

  test('takes raw HTML as it is, in text alone', () => {
    expect(String(html`<p title="${rawHtml('<b>')}">${rawHtml('<b>')}`)).toBe(
      '<p title="&lt;b&gt;"><b>',
    );
  });

  test('is the body of a response', async () => {
    const response = HttpResponse.html(html`<p>${'<'}`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe('<p>&lt;');
  });
});

describe('a URL', () => {
  test.each([
    'javascript:alert(1)',
    ' JAVA\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'java\nscript:alert(1)',
    'vbscript:x',
    'data:text/html,<script>',
    'data:image/svg+xml,<svg onload=x>',
    'blob:x',
    'javascript:',
  ])('that would run a script is not shown: %j', (url) => {
    expect(String(html`<a href="${url}">`)).toBe('<a href="about:invalid">');
    expect(String(html`<form action='${url}'>`)).toBe("<form action='about:invalid'>");
  });

  test.each([
    'https://a/?b=c&d',
    'http://a',
    'mailto:a@b',
    'tel:1',
    '/a:b',
    'a/b:c',
    '?a:b',
    '#a:b',
    '',
    'a b',
    'data:image/png;base64,AA==',
  ])('that would not is shown: %j', (url) => {
    expect(String(html`<a href="${url}">`)).toBe(`<a href="${url.replace('&', '&amp;')}">`);
  });

  test('may go on behind a beginning that says where it leads', () => {
    const x = 'javascript:1';
    expect(String(html`<a href="/ships/${x}?q=${x}#${x}">`)).toContain('/ships/javascript:1?q=');
    expect(String(html`<a href="https://${x}">`)).toContain('https://javascript:1');
    expect(String(html`<a href="${'/base'}/${x}?a=1&amp;b=${x}">`)).toContain('/base/javascript:1');
  });

  test.each([
    (x: string) => html`<a href="${x}${x}">`,
    (x: string) => html`<a href="java${x}">`,
    (x: string) => html`<a href="${x}:y">`,
    (x: string) => html`<a href="${x}script:y">`,
    (x: string) => html`<a href="javascript:${x}">`,
    (x: string) => html`<a href="javascript:/${x}">`,
    (x: string) => html`<a href="data:${x}">`,
    (x: string) => html`<a href="javascript&#58;${x}">`,
    (x: string) => html`<a href=" ${x}">`,
    (x: string) => html`<a HREF = "java${x}">`,
  ])('is not put together from pieces that make a scheme (%#)', (template) => {
    expect(() => template('x')).toThrow('put the whole URL together first');
  });
});

describe('there is no place for a value', () => {
  test.each([
    ['without quotes', (x: string) => html`<p title=${x}>`],
    ['without quotes', (x: string) => html`<p title= ${x}>`],
    ['without quotes', (x: string) => html`<p title=a${x}>`],
    ['in the name', (x: string) => html`<${x}>`],
    ['in the name', (x: string) => html`<p${x}>`],
    ['in the name', (x: string) => html`</${x}>`],
    ['in the name', (x: string) => html`<p data-${x}="a">`],
    ['between attributes', (x: string) => html`<p ${x}="a">`],
    ['between attributes', (x: string) => html`<p a="b"${x}>`],
    ['between attributes', (x: string) => html`<p a="b" c d ${x}>`],
    ['between attributes', (x: string) => html`<p a="b"/${x}>`],
    ['in "onclick"', (x: string) => html`<p onclick="${x}">`],
    ['in "onclick"', (x: string) => html`<p OnClick='f(${x})'>`],
    ['in "style"', (x: string) => html`<p style="color: ${x}">`],
    ['in "srcdoc"', (x: string) => html`<iframe srcdoc="${x}">`],
    ['in <script>', (x: string) => html`<script>let x = "${x}";</script>`],
    ['in <script>', (x: string) => html`<SCRIPT type="a">${x}</SCRIPT>`],
    ['in <script>', (x: string) => html`<script>"</scripts>${x}</script>`],
    ['in <style>', (x: string) => html`<style>${x}</style>`],
    ['in a comment', (x: string) => html`<!-- ${x} -->`],
    ['in a comment', (x: string) => html`<!-- > ${x} -->`],
    ['in a comment', (x: string) => html`<!doctype ${x}>`],
    ['in a comment', (x: string) => html`<?xml ${x}>`],
    // What looks quoted, and is not.
    ['between attributes', (x: string) => html`<p a="b c="${x}">`],
    ['without quotes', (x: string) => html`<!--><p a='-->' b=${x}>`],
    ['without quotes', (x: string) => html`<!---><p a='-->' b=${x}>`],
    ['without quotes', (x: string) => html`<p a = "b" c = ${x}>`],
  ])('%s (%#)', (where, template) => {
    expect(() => template('x')).toThrow(where);
  });

  test.each([
    () => html`<a href="`,
    () => html`<p`,
    () => html`<!-- `,
    () => html`<script>`,
    () => html`<title>`,
  ])('in a part that ends inside of a tag or a script (%#)', (template) => {
    expect(template).toThrow('ends inside');
  });

  test('in what cannot be followed', () => {
    expect(() => html`<script><!-- <script> </script>${'x'}`).toThrow('"<!--" in a script');
    expect(() => html`<svg><title><a b=${'x'}></title>`).toThrow('a tag in <title>');
  });
});

test.each([
  [Promise.resolve('x'), 'it is a promise: await it'],
  [{ name: 'x' }, 'it is an object: give its text'],
  [new Map(), 'it is an object: give its text'],
])('%o is no value', (value, why) => {
  expect(() => html`<p>${value as unknown as string}`).toThrow(why);
});

test.each([
  () => html`<p>a < b ${'<'}</p>`,
  () => html`<>${'<'}`,
  () => html`<script src="/a.js"></script>${'<'}`,
  () => html`<script>1 < 2</script >${'<'}`,
  () => html`<!-- a --b -->${'<'}`,
  () => html`<!-->${'<'}`,
  () => html`<!-- --!>${'<'}`,
  () => html`<!doctype html><br/>${'<'}`,
  () => html`<p a=b c='d' e>${'<'}`,
])('text is found again after other things (%#)', (template) => {
  expect(String(template())).toContain('&lt;');
});
