/**
 * A guest book: a form in HTML, checked and shown again with what is wrong, a name remembered in a session, and nothing
 * that pages of others could send. `npm run example examples/http-form.ts`, then open http://127.0.0.1:8080/.
 */
import { run, serve } from '@hawser/core';
import {
  csrf,
  type Html,
  HttpResponse,
  html,
  http,
  readForm,
  router,
  securityHeaders,
  sessions,
} from '@hawser/http';

interface Entry {
  readonly name: string;
  readonly text: string;
}

const MAX_ENTRIES = 100;
const entries: Entry[] = [];

const app = router()
  .use(securityHeaders())
  .use(csrf())
  .use(sessions<{ name: string }>())
  .get('/', ({ session }) => HttpResponse.html(page({ name: session.get('name') ?? '', text: '' })))
  .post('/', async (request) => {
    const form = await readForm(request, { maxBytes: 16_384 });
    const entry = { name: form.text('name').trim(), text: form.text('text').trim() };
    const wrong = whatIsWrong(entry);
    if (wrong) return HttpResponse.html(page(entry, wrong), { status: 422 });
    entries.unshift(entry);
    entries.length = Math.min(entries.length, MAX_ENTRIES);
    request.session.set('name', entry.name);
    // 303: to load the page again does not send the form again.
    return HttpResponse.redirect('/', 303);
  })
  .post('/forget', ({ session }) => {
    session.destroy();
    return HttpResponse.redirect('/', 303);
  });

function whatIsWrong({ name, text }: Entry): string | undefined {
  if (name === '' || name.length > 50) return 'A name has 1 to 50 characters.';
  if (text === '' || text.length > 500) return 'A message has 1 to 500 characters.';
  return undefined;
}

function page({ name, text }: Entry, wrong = ''): Html {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
<form method="post">
  <p role="alert">${wrong}</p>
  <p><label>Name <input name="name" value="${name}" required maxlength="50"></label>
  <p><label>Message <textarea name="text" required maxlength="500">${text}</textarea></label>
  <p><button>Write</button> <button formaction="/forget" formnovalidate>Forget my name</button>
</form>
<ul>${entries.map((each) => html`<li><b>${each.name}</b>: ${each.text}`)}</ul>
`;
}

const [endpoint = 'tcp://127.0.0.1:8080'] = process.argv.slice(2);
await run(serve(endpoint, http(app)));
