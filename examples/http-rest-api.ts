/**
 * A list of tasks as a JSON API. What a client sends is checked by zod before a handler sees it, and every refusal is a
 * problem in JSON (RFC 9457) that says where and why: `npm run example examples/http-rest-api.ts`, then
 *
 *     curl -d '{"title":"Splice the rope"}' -H 'content-type: application/json' http://127.0.0.1:8080/tasks
 *     curl http://127.0.0.1:8080/tasks?done=false
 *     curl -X PATCH -d done=true http://127.0.0.1:8080/tasks/1     # 400: a form has text where JSON has true
 */
import { run, serve } from '@hawser/core';
import { HttpError, HttpResponse, http, problem, router, validate } from '@hawser/http';
import { z } from 'zod';

interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

class NoSuchTask extends Error {}

const tasks = new Map<number, Task>();
let lastId = 0;

const one = { params: z.object({ id: z.coerce.number().int() }) };
const title = z.string().trim().min(1).max(200);
const changes = z.strictObject({
  title: z.exactOptional(title),
  done: z.exactOptional(z.boolean()),
});

const api = router()
  .get('/', validate({ query: z.object({ done: z.stringbool().optional() }) }), ({ query }) => {
    const all = [...tasks.values()];
    return HttpResponse.json(
      query.done === undefined ? all : all.filter(({ done }) => done === query.done),
    );
  })
  .post('/', validate({ body: z.object({ title }) }), ({ body }) => {
    lastId += 1;
    const task = { id: lastId, title: body.title, done: false };
    tasks.set(task.id, task);
    return HttpResponse.json(task, { status: 201, headers: { location: `/tasks/${task.id}` } });
  })
  .get('/:id', validate(one), ({ params }) => HttpResponse.json(taskOf(params.id)))
  .patch('/:id', validate({ ...one, body: changes }), ({ params, body }) => {
    const task = { ...taskOf(params.id), ...body };
    tasks.set(task.id, task);
    return HttpResponse.json(task);
  })
  .delete('/:id', validate(one), ({ params }) => {
    tasks.delete(taskOf(params.id).id);
    return new HttpResponse(null, { status: 204 });
  });

const app = router()
  .mount('/tasks', api)
  .onError(NoSuchTask, ({ message }) => problem({ status: 404, detail: message }))
  // Also what the router says itself, such as 405 with the methods that there are.
  .onError(HttpError, ({ status, headers }) => problem({ status, headers }));

function taskOf(id: number): Task {
  const task = tasks.get(id);
  if (!task) throw new NoSuchTask(`There is no task ${id}`);
  return task;
}

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
