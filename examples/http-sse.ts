/**
 * A counter that every open page shows as it changes, by server-sent events: `npm run example examples/http-sse.ts`, then
 * open http://127.0.0.1:8080/ in two windows, or `curl -N http://127.0.0.1:8080/events`.
 */
import { run, serve } from '@hawser/core';
import { type EventSender, eventStream, HttpResponse, http, router } from '@hawser/http';

let count = 0;
const watchers = new Set<EventSender>();

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
  .post('/count', () => {
    count += 1;
    // Who reads too slowly is left behind, and gets the number when it connects again.
    for (const { send } of watchers) void send({ data: count });
    return new HttpResponse(null, { status: 204 });
  })
  .get('/events', (request) =>
    eventStream(request, (sender) => {
      watchers.add(sender);
      sender.signal.addEventListener('abort', () => watchers.delete(sender), { once: true });
      void sender.send({ data: count });
    }),
  );

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
