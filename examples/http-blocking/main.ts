/**
 * Work that blocks, beside a server that answers: `npm run example examples/http-blocking/main.ts`, then
 * `curl http://127.0.0.1:8080/primes/5000000` and, while that counts, `curl http://127.0.0.1:8080/`. Who gives up waiting
 * ends the work: press Ctrl-C in curl.
 */
import { run, serve } from '@hawser/core';
import { blocking, HttpResponse, http, router } from '@hawser/http';

const primes = blocking(new URL('./primes.ts', import.meta.url), {
  name: 'primes',
  workers: 2,
  timeoutMs: 60_000,
});

const app = router()
  .get('/', () => HttpResponse.text('Still here\n'))
  .get('/primes/:upTo(\\d{1,9})', primes);

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
// A service as well: its threads have loaded the module before the server listens, and end after it.
await run(primes, serve(endpoint, http(app)));
