// The façade of jftp is typed as jftp's users write it.

import { Server, Socket } from 'node:net';

import UDSocket, {
  UDSocket as Named,
  UDSocketServer,
  createSerializer,
  type Serializer
} from 'shortwire/compat/jftp';

const socket = new UDSocket({
  timeoutMs: 100,
  encoderOptions: { headerSize: 7 },
  socketOptions: { signal: new AbortController().signal }
});
const named: Named = socket;
const asNet: Socket = socket;
const chained: UDSocket = socket
  .schema(createSerializer({ type: 'string' }))
  .schema(JSON.stringify);
const connected: UDSocket = socket.connect('./my.sock', () => {});
const answered: Promise<any> = socket.rpc({ anything: 1 });
const handled: void = socket.handle(async (data, from) => [data, from.remoteAddress]);
const serializer: Serializer = ([id, data]) => `[${id},${String(data)}]`;
socket.timeoutMs = 50;

const server = new UDSocketServer({ mode: 0o660, maxConnections: 10 }, (peer) =>
  peer.handle(() => 1)
);
const asNetServer: Server = server;
const older = new UDSocketServer((peer) => peer.handle(() => 1), { timeoutMs: 1 });
const started: void = server.start('./my.sock', () => {});
server.on('connection', (peer) => peer.rpc(1));
server.once('error', (error) => error.message);

// @ts-expect-error there is no such generation
void new UDSocket({ protocol: 'jftp-2.0' });
// @ts-expect-error a size is a number
void new UDSocket({ encoderOptions: { headerSize: '7' } });
// @ts-expect-error start returns nothing
void server.start('./my.sock').then;
// @ts-expect-error a handler is a function
socket.handle('echo');
