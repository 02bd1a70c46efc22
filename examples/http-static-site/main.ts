/**
 * A site of files, as it would stand on the open internet: compressed, with careful headers, a page for what is not
 * there, and a log of who asked: `npm run example examples/http-static-site/main.ts`, then open http://127.0.0.1:8080/.
 * Another place to listen and another folder can be given.
 */
import { fileURLToPath } from 'node:url';
import { run, serve } from '@hawser/core';
import {
  compression,
  HttpResponse,
  http,
  httpAccessLog,
  router,
  securityHeaders,
  staticFiles,
} from '@hawser/http';

const own = fileURLToPath(new URL('public', import.meta.url));
const [endpoint = 'tcp://127.0.0.1:8080', folder = own] = process.argv.slice(2);

const site = staticFiles(folder, {
  // A name with a hash of the content in it never means anything else.
  immutable: /-[0-9a-f]{8}\./,
  extensions: ['html'],
  cache: true,
  notFound: () => HttpResponse.html('<!doctype html><h1>Nothing here</h1>\n', { status: 404 }),
});

// First = outermost: the log sees what everything below it has made of a request.
const app = router()
  .use(httpAccessLog((line) => process.stdout.write(`${line}\n`)))
  .use(securityHeaders())
  .use(compression())
  .mount('/', site);

await run(serve(endpoint, http(app)));
