// What it costs to lend a connection to a library: a small GET answered by `node:http`, listening by itself (`raw`,
// twice, to show the noise), on sockets that Hawser accepted and gave away (`detach`), and on the `TransportSocket` it
// gives where there is no socket to give away (`Duplex`).
// Run: npm run example bench/hand-over.ts
import { once } from 'node:events';
import { connect } from 'node:net';
import { compare } from './compare.ts';
import { pingPong } from './ping-pong.ts';
import { show } from './show.ts';

const message = Buffer.from('GET / HTTP/1.1\r\nHost: bench.test\r\nAccept: */*\r\n\r\n');

/** Every answer is as long as the first. */
async function measureAnswer(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(message);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.length;
}

const samples = await compare({
  script: './hand-over-server.ts',
  modes: ['raw', 'raw again', 'detach', 'Duplex'],
  load: async (port) => pingPong(port, { message, answerBytes: await measureAnswer(port) }),
  count: 2_000,
  rounds: 21,
});
show(samples, { title: 'a small GET of node:http', against: 'detach' });
