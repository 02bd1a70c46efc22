// HTTP, SSH and SMTP on one port, told apart by what the client says first; SMTP clients say nothing and wait.
// Run: npm run example examples/one-port.ts
// Try: curl http://127.0.0.1:8443/ and swaks --server 127.0.0.1:8443 --to postmaster@example.net
import { maxConnections, run, serve, sniff, stack } from '@hawser/core';
import { http } from '@hawser/http';
import { acceptFor, keep, MemoryMailbox, smtp } from '@hawser/smtp';
import { password, ssh } from '@hawser/ssh';

const mailbox = new MemoryMailbox({ maxMessages: 100 });

const web = http(() => new Response(`${mailbox.size} messages\n`));
const mail = smtp({ rcptTo: acceptFor('example.net'), message: keep(mailbox) });
const shell = ssh({
  hostKeys: 'data/one-port',
  auth: password({ operator: process.env['PASSWORD'] }),
  async session(session) {
    for (const { from, subject } of mailbox.list()) await session.write(`${from}: ${subject}\n`);
    return 0;
  },
});

const [endpoint = 'tcp://127.0.0.1:8443'] = process.argv.slice(2);
await run(
  serve(endpoint, stack(maxConnections(1000))(sniff({ http: web, ssh: shell, silent: mail }))),
);
