/**
 * A counter that every open page shows as it changes, by server-sent events: `npm run example examples/http-sse.ts`, then
 * open http://127.0.0.1:8080/ in two windows, or `curl -N http://127.0.0.1:8080/events`.
 */
import { run, serve } from '@hawser/core';
import { EventGroup, HttpResponse, http, router } from '@hawser/http';

let count = 0;

// Whoever comes, or comes back, is told what the number is now; who reads too slowly is cut off, and comes back.
const watchers = new EventGroup({ joined: ({ send }) => void send({ data: count }) });

const page = `<!doctype html>
<title>Counter</title>
<p><output>...</output> <button>Count</button>
<script type="module">
const output = document.querySelector('output');
new EventSource('/events').onmessage = ({ data }) => { output.textContent = data; };
document.querySelector('button').onclick = () => fetch('/count', { method: 'POST' });
</script>
`;

const app = router()
  .get('/', () => HttpResponse.html(page))
  .get('/events', watchers.join)
  .post('/count', () => {
    count += 1;
    watchers.broadcast({ data: count });
    return new HttpResponse(null, { status: 204 });
  });

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
