/** A page that asks its server in all the ways a page can: a form, and a function in `ways` for each of the others. */
export const BROWSER_PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Ropes</title>
<form method="post" action="/form" enctype="multipart/form-data">
  <input name="title">
  <input type="file" name="file" multiple>
  <button>Upload</button>
</form>
<script>
const ways = {
  version: () => performance.getEntriesByType('navigation')[0].nextHopProtocol,

  json: async (count) => {
    const names = Array.from({ length: count }, (_, n) => 'strand' + n);
    const answers = await Promise.all(names.map((name) => fetch('/json/' + name)));
    return Promise.all(answers.map(async (answer) => (await answer.json()).name));
  },

  // Sends bytes of each value, and tells whether they came back as they were.
  echo: async (bytes) => {
    const sent = new Uint8Array(bytes).map((_, n) => n % 251);
    const answer = await fetch('/echo', { method: 'PUT', body: sent });
    const back = new Uint8Array(await answer.arrayBuffer());
    const same = back.length === sent.length && back.every((byte, n) => byte === sent[n]);
    return { status: answer.status, method: answer.headers.get('x-method'), same };
  },

  // A body that is made while it is sent, which browsers do over HTTP/2 only.
  streamed: async (pieces) => {
    let left = pieces;
    const body = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(10000));
        else controller.close();
      },
    });
    return (await fetch('/count', { method: 'POST', body, duplex: 'half' })).json();
  },

  long: async () => {
    const answer = await fetch('/long');
    const text = await answer.text();
    return { coding: answer.headers.get('content-encoding'), length: text.length };
  },

  // Text as it comes; the pieces are lines, as each is sent by itself.
  slow: async () => {
    const reader = (await fetch('/slow')).body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    return text;
  },

  // Reads a little of what has no end in sight, and leaves.
  leave: async () => {
    const controller = new AbortController();
    const answer = await fetch('/flood?bytes=10000000000', { signal: controller.signal });
    const { value } = await answer.body.getReader().read();
    controller.abort();
    return value.length;
  },

  // Events of the connections, each of which ends after two, with what the server was told of the one before.
  events: (count) => new Promise((done) => {
    const source = new EventSource('/events');
    const heard = [];
    source.onmessage = ({ data, lastEventId }) => {
      heard.push({ ...JSON.parse(data), idHere: lastEventId });
      if (heard.length < count) return;
      source.close();
      done(heard);
    };
  }),

  talk: (messages) => new Promise((done, failed) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live');
    const heard = [];
    socket.onopen = () => messages.forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => {
      heard.push(data);
      if (heard.length === messages.length) socket.close(1000);
    };
    socket.onclose = ({ code, wasClean }) => done({ heard, code, wasClean });
    socket.onerror = () => failed(new Error('The WebSocket failed'));
  }),
};
</script>
`;
