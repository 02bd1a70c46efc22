/**
 * One port, several names, a certificate for each. They are made when it starts, by an authority of its own whose
 * certificate it writes to a file; in earnest they come from yours.
 *
 *     npm run example examples/tls-sni.ts tcp://127.0.0.1:7443 ca.pem
 *     openssl s_client -quiet -connect 127.0.0.1:7443 -servername www.bob.test -CAfile ca.pem -verify_return_error
 */
import { writeFileSync } from 'node:fs';
import { maxConnections, run, serve, stack, streaming, TLS, tls } from '@hawser/core';
import { createTestAuthority } from '@hawser/core/testing';

const [endpoint = 'tcp://127.0.0.1:7443', caFile = 'ca.pem'] = process.argv.slice(2);
const authority = createTestAuthority();
writeFileSync(caFile, authority.ca);

const secure = tls({
  certificates: {
    'ann.test': authority.server('ann.test'),
    '*.bob.test': authority.server('*.bob.test'),
  },
  // For clients that name nobody, or somebody else.
  ...authority.server('localhost'),
});

const greeter = streaming(async function greeter(conn) {
  const { serverName = 'nobody', version = '' } = conn.info(TLS) ?? {};
  await conn.write(`This is ${serverName}, by ${version}\n`);
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${serverName}: ${line}\n`);
});

await run(serve(endpoint, stack(maxConnections(1000), secure)(greeter)));
