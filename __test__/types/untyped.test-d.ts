// Without a service interface: what arrives is unknown, what is sent is a payload, and nothing is any.

import {
  ShortwireError,
  UDSocket,
  UDSocketServer,
  type Context,
  type Endpoint,
  type ErrorCode,
  type PackableValue,
  type Payload,
  type Peer,
  type SocketOptions,
  type StatsReport,
  type Status,
  type TcpAddress
} from 'shortwire';
import { Duplex } from 'node:stream';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const socket = new UDSocket();
const server = new UDSocketServer();

// Payloads.

const answer = socket.rpc({ list: [1, 'two', null, { three: undefined }] });
same<typeof answer, Promise<unknown>>(true);
const called = socket.call('any topic', Buffer.from('bytes'), { timeoutMs: 0 });
same<typeof called, Promise<unknown>>(true);
void socket.rpc();
void socket.rpc(undefined);
void socket.rpc(new Uint8Array(1), { topic: 'bytes', signal: AbortSignal.timeout(10) });
void socket.send('text');
void socket.notify('topic');

// @ts-expect-error JSON has no bigint
void socket.rpc(1n);
// @ts-expect-error nor functions
void socket.rpc({ callback: () => {} });
// @ts-expect-error nor maps
void socket.notify('topic', new Map());
// @ts-expect-error the answer is unknown
void socket.rpc(1).then((value) => value.length);

// Handlers.

server.handle((payload, context) => {
  same<typeof payload, unknown>(true);
  same<typeof context, Context<UDSocket>>(true);
  same<typeof context.deadline, number | undefined>(true);
  same<typeof context.signal, AbortSignal>(true);
  return { topic: context.topic };
});
server.handle('topic', async () => 1);
socket
  .handle(null)
  .handle('topic', null)
  .use((payload, context, next) => next());

// @ts-expect-error what arrives must be looked at first
server.handle((payload: string) => payload);
// @ts-expect-error JSON has no symbols
server.handle('topic', () => Symbol.iterator);
// @ts-expect-error the topic is missing
server.handle(() => 1, null);

// Places to listen and connect.

const endpoints: Endpoint[] = ['/path', '@name', 'unix:/path', { path: '/path' }, { fd: 3 }];
void server.start(endpoints[0], () => {});
void socket.connect('/path', { signal: AbortSignal.timeout(10) }, () => {});
void socket.connect('/path', () => {});
void socket.attach(Duplex.from(''));
const attached = server.attach(Duplex.from(''));
same<typeof attached, Promise<UDSocket>>(true);

void server.start(8080);
void server.start({ host: '::', port: 0, ipv6Only: true, keepAlive: true, backlog: 10 });
void socket.connect({ host: 'localhost', port: '8080', family: 4, localAddress: '127.0.0.1' });
void socket.connect({ fd: 3, noDelay: false });
void socket.connect({
  host: 'localhost',
  port: 1,
  tls: { ca: ['', Buffer.alloc(1)], minVersion: 'TLSv1.3' }
});
const certified: string | string[] | undefined = socket.peer.certificate?.subject.CN;
void certified;
// @ts-expect-error a host alone is no endpoint
void socket.connect({ host: 'localhost' });

// Options.

const options: SocketOptions = { timeoutMs: 1, driver: 'task', protocol: 'jftp-1.0' };
void new UDSocket(options);
void new UDSocketServer(
  { mode: 0o660, protocols: ['shortwire'], generateId: () => 'id' },
  (peer) => {
    same<typeof peer, UDSocket>(true);
  }
);
void new UDSocketServer((peer) => peer.close());

// @ts-expect-error no such option
void new UDSocket({ timeout: 1 });
// @ts-expect-error no such driver
void new UDSocket({ driver: 'thread' });
// @ts-expect-error an option of servers
void new UDSocket({ mode: 0o600 });
// @ts-expect-error an option of sockets
void new UDSocketServer({ protocol: 'jftp' });
void new UDSocket({ reconnect: { maxAttempts: 3 }, retry: false });
// @ts-expect-error no such jitter
void new UDSocket({ reconnect: { jitter: 'some' } });
// @ts-expect-error not a yes
void new UDSocket({ retry: true });
// @ts-expect-error what is set is set
socket.options.timeoutMs = 1;

// Events.

socket.on('message:log', (payload, info) => {
  same<typeof payload, unknown>(true);
  same<typeof info.topic, string>(true);
});
socket.once('ready', ({ id, protocol }) => [id, protocol]);
socket.on('status', (status) => same<typeof status, Status>(true));
socket.on('dropped', ({ reason, error }) => [reason, error.message]);
socket.on('close', (reason) => reason.length);
server.on('connection', (peer) => same<typeof peer, UDSocket>(true));
server.on('refused', (reason, peer) => same<typeof peer, Peer>(true));
server.on('error', (error, peer) => same<typeof peer, UDSocket | undefined>(true));
server.off('close', () => {});

// @ts-expect-error the reason is a string
socket.on('close', (reason: number) => reason);
socket.on('reconnecting', ({ attempt, delayMs, error }) => [attempt + delayMs, error.message]);
void socket.close({ allowReconnect: true });
// @ts-expect-error a status is one of six words
socket.on('status', (status) => status === 'lost');

// Who is let in.

const guarded = new UDSocketServer({
  authorize: async (hello, peer) => {
    same<typeof hello, unknown>(true);
    return peer.uid === 0 && { name: 'root' };
  }
});
guarded.on('connection', (accepted, hello) => {
  same<typeof hello, unknown>(true);
  accepted.data = accepted.auth;
});
void socket.connect('/path', { hello: { token: 't' } });
// @ts-expect-error no payload
void socket.connect('/path', { hello: () => 1 });
// @ts-expect-error decides on somebody, doesn't say yes to all
void new UDSocketServer({ authorize: true });

// Properties.

same<typeof socket.pending, number>(true);
same<ReturnType<typeof server.address>, string | TcpAddress | null>(true);
const ids: ReadonlyMap<string, UDSocket> = server.sockets;
const out: Payload = { ids: [...ids.keys()] };
// @ts-expect-error the library's, not the user's
server.sockets.clear();

// Errors.

const read = (error: unknown): ErrorCode | undefined => {
  if (!(error instanceof ShortwireError)) return undefined;
  same<typeof error.maybeDelivered, boolean | undefined>(true);
  if (error.code === 'SHORTWIRE_ERR_REMOTE') return error.remote?.message as ErrorCode;
  // @ts-expect-error no such code
  if (error.code === 'SHORTWIRE_ERR_TIME_OUT') return undefined;
  return error.code;
};
// @ts-expect-error only the library makes them
void new ShortwireError();

// Disposal.

async function scope(): Promise<void> {
  await using held: AsyncDisposable = new UDSocket();
  void held;
}

// Pausing.

const paused: boolean = socket.pause().resume().paused || server.pause().resume().paused;
const held: number = socket.stats().heldMessages + socket.stats().heldBytes;
const queues: number =
  socket.stats().servingBytes + socket.stats().partialBytes + socket.stats().undeliveredBytes;
const introducing: number = server.stats().introducing;
void [paused, held, queues, introducing, new UDSocket({ stallTimeoutMs: 60_000 })];

// Encodings.

const agreed: 'json' | 'msgpack' | 'raw' = new UDSocket({ encoding: 'msgpack' }).encoding;
socket.on('ready', ({ encoding }) => same<typeof encoding, typeof agreed>(true));
const packable: PackableValue = { map: new Map([[1n, new Set([new Date(), undefined])]]) };
// @ts-expect-error: JSON, the default, doesn't carry it
void socket.rpc(packable);
void [agreed, packable];

// Statistics for those who ask.

void new UDSocketServer({ allowStats: true });
// @ts-expect-error it is no list of peers
void new UDSocketServer({ allowStats: ['ops'] });
const requests = async (): Promise<number> => {
  const report = (await socket.call('$shortwire.stats')) as StatsReport;
  same<typeof report.process.rssBytes, number>(true);
  return report.sockets.requestsIn + report.server.connections + report.atMs;
};
void requests;
