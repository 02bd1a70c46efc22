import { describe, expectTypeOf, test } from 'vitest';
import type { HttpHandler } from '../../src/contract/http-handler.ts';
import type { HostParams } from '../../src/routing/host-pattern.ts';
import type { Middleware } from '../../src/routing/middleware.ts';
import type { PathParams } from '../../src/routing/path-params.ts';
import type { QueryView } from '../../src/routing/query-view.ts';
import { router } from '../../src/routing/router.ts';
import { HttpResponse } from '../../src/web/http-response.ts';

const ok = () => new HttpResponse('');

describe('parameters are typed by the pattern', () => {
  test('of paths', () => {
    expectTypeOf<PathParams<'/hosts/:name'>>().toEqualTypeOf<{ readonly name: string }>();
    expectTypeOf<PathParams<'/a/:b/c/:d'>>().toEqualTypeOf<{
      readonly b: string;
      readonly d: string;
    }>();
    expectTypeOf<PathParams<'/:id(\\d+)'>>().toEqualTypeOf<{ readonly id: string }>();
    expectTypeOf<PathParams<'/:id(\\d+)?'>>().toEqualTypeOf<{ readonly id?: string }>();
    expectTypeOf<PathParams<'/a/:id?'>>().toEqualTypeOf<{ readonly id?: string }>();
    expectTypeOf<PathParams<'/:from-:to.json'>>().toEqualTypeOf<{
      readonly from: string;
      readonly to: string;
    }>();
    expectTypeOf<PathParams<'/at/:h(\\d+)h:m(\\d+)m'>>().toEqualTypeOf<{
      readonly h: string;
      readonly m: string;
    }>();
    expectTypeOf<PathParams<'/:x/*'>>().toEqualTypeOf<{
      readonly x: string;
      readonly '*': string;
    }>();
    expectTypeOf<keyof PathParams<'/static'>>().toBeNever();
    expectTypeOf<PathParams<'/a::b/:c'>>().toEqualTypeOf<{ readonly c: string }>();
    expectTypeOf<PathParams<'/:kind((?:a|b))/:x'>>().toEqualTypeOf<{
      readonly kind: string;
      readonly x: string;
    }>();
    expectTypeOf<PathParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
  });

  test('of hosts', () => {
    expectTypeOf<HostParams<':tenant.example.net'>['tenant']>().toEqualTypeOf<string>();
  });

  test('for handlers', () => {
    router().get('/hosts/:name/:port?', (request) => {
      expectTypeOf(request.params).toEqualTypeOf<{
        readonly name: string;
        readonly port?: string;
      }>();
      expectTypeOf(request.query).toEqualTypeOf<QueryView>();
      expectTypeOf(request).toExtend<Request>();
      expectTypeOf(request.params).not.toHaveProperty('other');
      return ok();
    });
  });
});

test('a router is a handler', () => {
  expectTypeOf(router()).toExtend<HttpHandler>();
});

test('what middleware adds is typed for the handlers behind it', () => {
  const login = (() => ok()) as Middleware<{ readonly user: { readonly name: string } }>;
  const plain = (request: Request, next: () => Response | Promise<Response>) =>
    request.method === 'GET' ? next() : ok();
  router().get('/:id', plain, login, ({ user, params }) => {
    expectTypeOf(user.name).toEqualTypeOf<string>();
    expectTypeOf(params.id).toEqualTypeOf<string>();
    return ok();
  });
  router()
    .use(plain)
    .use(login)
    .on('GET', '/', ({ user }) => {
      expectTypeOf(user.name).toEqualTypeOf<string>();
      return ok();
    });
});

test('a router says which parameters it needs from around it', () => {
  const inner = router<{ tenant: string }>().get('/:id', ({ params }) => {
    expectTypeOf(params.tenant).toEqualTypeOf<string>();
    expectTypeOf(params.id).toEqualTypeOf<string>();
    return ok();
  });
  router().mount('/t/:tenant', inner);
  router().host(':tenant.example.net', inner);
  // @ts-expect-error nobody gives the tenant
  router().mount('/t', inner);
});
