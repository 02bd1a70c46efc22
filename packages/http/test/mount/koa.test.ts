import { Readable } from 'node:stream';
import { pipeWorld } from '@hawser/core/testing';
import Koa from 'koa';
import { afterEach, describe, expect, test } from 'vitest';
import { http, type NodeListener, nodeApp } from '../../src/index.ts';
import { connectClient, send } from '../http2/h2-world.ts';
import { ask, exchange, plainNode } from './mount-world.ts';

const worlds: ReturnType<typeof pipeWorld>[] = [];
function world(): ReturnType<typeof pipeWorld> {
  const made = pipeWorld();
  worlds.push(made);
  return made;
}
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.stop();
});

function listener(): NodeListener {
  const app = new Koa();
  // Koa tells standard error of what the app did not handle.
  app.silent = true;
  app.use(async (ctx, next) => {
    await next();
    ctx.set('x-first', '1');
  });
  app.use(async (ctx) => {
    switch (ctx.path) {
      case '/text':
        ctx.body = 'hello';
        break;
      case '/json':
        ctx.body = { url: ctx.url, host: ctx.host, secure: ctx.secure, fresh: ctx.fresh };
        break;
      case '/bytes':
        ctx.body = Buffer.from('bytes');
        break;
      case '/stream':
        ctx.body = Readable.from(['one ', 'two ', 'three']);
        break;
      case '/broken': {
        ctx.body = new Readable({
          read() {
            this.destroy(new Error('broken'));
          },
        });
        break;
      }
      case '/echo': {
        const chunks: Buffer[] = [];
        for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
        ctx.body = Buffer.concat(chunks).toString().toUpperCase();
        break;
      }
      case '/empty':
        ctx.status = 204;
        break;
      case '/teapot':
        ctx.throw(418, 'short and stout');
        break;
      case '/throw':
        throw new Error('oops');
      case '/cookie':
        ctx.cookies.set('a', '1');
        ctx.body = 'set';
        break;
      default:
    }
  });
  return app.callback();
}

describe('Koa, mounted, answers as on node:http', () => {
  test.each<[string, readonly string[]]>([
    ['text', [ask('GET /text'), ask('HEAD /text')]],
    ['JSON', [ask('GET /json?a=1')]],
    ['bytes', [ask('GET /bytes')]],
    ['a stream', [ask('GET /stream'), ask('GET /text')]],
    ['a body', [ask('POST /echo', {}, 'hello'), ask('POST /echo', {}, 'again')]],
    ['nothing', [ask('GET /empty'), ask('GET /text')]],
    ['404', [ask('GET /nowhere')]],
    ['an error for the peer', [ask('GET /teapot'), ask('GET /text')]],
    ['an error of its own', [ask('GET /throw'), ask('GET /text')]],
    ['cookies', [ask('GET /cookie')]],
  ])('%s', async (_, requests) => {
    const plain = await exchange(world(), plainNode(listener()), requests);
    const place = world();
    const mounted = await exchange(place, http(nodeApp(listener())), requests);
    expect(mounted.seen).toEqual(plain.seen);
    expect(mounted.seen).toHaveLength(requests.length);
    expect(place.reports.problems).toEqual([]);
  });
});

test('Koa is served over HTTP/2', async () => {
  const client = await connectClient(world(), http(nodeApp(listener())));
  const answer = await send(client, { ':method': 'POST', ':path': '/echo' }, 'hello');
  expect(answer).toMatchObject({ status: 200, body: 'HELLO', headers: { 'x-first': '1' } });
});
