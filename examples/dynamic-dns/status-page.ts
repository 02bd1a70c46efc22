/** One name of the zone, as the page shows it. */
export interface PageRow {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: string;
}

/** What is sent to the page, whole, on every change. */
export interface PageState {
  readonly zone: string;
  readonly serial: number;
  readonly rows: readonly PageRow[];
}

/**
 * The status page. It draws `state` and redraws whatever arrives on `/live`. Its style and its script carry `nonce`, by
 * which a content security policy can tell them from others.
 */
export function statusPage(state: PageState, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(state.zone)}</title>
<style nonce="${nonce}">
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 48rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }
  td:last-child { font-family: ui-monospace, monospace }
</style>
<h1>${escapeHtml(state.zone)}</h1>
<p>Serial <b id="serial"></b>, <span id="link">connecting</span></p>
<table><thead><tr><th>Name<th>Type<th>TTL<th>Data</thead><tbody id="rows"></tbody></table>
<script type="module" nonce="${nonce}">
const draw = (state) => {
  document.getElementById('serial').textContent = state.serial;
  document.getElementById('rows').replaceChildren(...state.rows.map((row) => {
    const line = document.createElement('tr');
    for (const text of [row.name, row.type, row.ttl, row.data]) {
      line.appendChild(document.createElement('td')).textContent = text;
    }
    return line;
  }));
};
const link = document.getElementById('link');
const connect = () => {
  const socket = new WebSocket(new URL('/live', location.href.replace(/^http/, 'ws')));
  socket.onopen = () => { link.textContent = 'live'; };
  socket.onmessage = ({ data }) => draw(JSON.parse(data));
  socket.onclose = () => { link.textContent = 'reconnecting'; setTimeout(connect, 1000); };
};
draw(${scriptJson(state)});
connect();
</script>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that cannot end the script element it stands in. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
