// Request and response: a question, an answer, and what it costs to ask.
//
//   node examples/request-response.mjs

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.argv[2] ?? process.pid}.sock`;

if (process.argv[2] === undefined) await serve();
else await ask();

async function serve() {
  const server = new UDSocketServer();
  server.handle(({ name }) => ({ greeting: `Hello, ${name}!`, from: 'another process' }));
  await server.start(path);

  // The client is this same file in a process of its own.
  const client = fork(fileURLToPath(import.meta.url), [String(process.pid)]);
  await once(client, 'exit');
  await server.close();
}

async function ask() {
  const socket = new UDSocket();
  await socket.connect(path);
  const answer = await socket.rpc({ name: 'Ada' });
  console.log(answer.greeting, answer.from);

  // Any number of calls at once; each gets its own answer.
  const names = ['Grace', 'Barbara', 'Frances'];
  const answers = await Promise.all(names.map((name) => socket.rpc({ name })));
  console.log(answers.map(({ greeting }) => greeting).join(' '));
  await socket.close();
}
