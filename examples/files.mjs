// Files beside payloads: uploaded with a call, saved safely, and sent back in an answer.
//
//   node examples/files.mjs

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import UDSocket, { UDSocketServer } from 'shortwire';

const folder = await mkdtemp(join(tmpdir(), 'shortwire-example-'));
const server = new UDSocketServer();

// Never a path from the peer: saveTo takes names only, and stays in its directory.
server.handle('notes.add', async ({ author }, { files }) => {
  for (const file of files) await file.saveTo(folder);
  return `${files.length} files of ${author}`;
});
server.handle('notes.get', (name, context) =>
  context.reply({ name }, { files: [{ path: join(folder, name) }] })
);
await server.start(join(folder, 'example.sock'));

const socket = new UDSocket();
await socket.connect(join(folder, 'example.sock'));

const files = [
  { path: new URL(import.meta.url).pathname },
  { name: 'note.txt', buffer: Buffer.from('remember the milk') }
];
console.log(await socket.call('notes.add', { author: 'Ada' }, { files }));
console.log(await readFile(join(folder, 'note.txt'), 'utf8'));

const answer = await socket.rpc('note.txt', { topic: 'notes.get', answerFiles: true });
for await (const part of answer.files[0]) console.log(`${answer.value.name}: ${part}`);

const evil = { name: '../../evil', buffer: Buffer.from('!') };
await socket
  .call('notes.add', { author: 'Eve' }, { files: [evil] })
  .catch((error) => console.log(error.remote.code));

await socket.close();
await server.close();
await rm(folder, { recursive: true });
