// Sockets that are bound for others, and those that others have bound.

import {
  UDSocket,
  UDSocketServer,
  bind,
  listenFds,
  type InheritedSocket,
  type Listener
} from 'shortwire';

const listener: Listener = await bind('/run/app.sock', { mode: 0o660, backlog: 64 });
const fd: number = listener.fd;
await listener.unref().close();
await bind({ host: '::', port: 0 });
// @ts-expect-error that is an option of servers
await bind('/run/app.sock', { maxConnections: 1 });
// @ts-expect-error what is inherited is bound already
await bind({ fd: 3 });

const server = new UDSocketServer();
await server.start({ fd });
await server.start({ fd, shared: true });
await server.start({ systemd: true });
await server.start({ systemd: 'api', noDelay: true });
// @ts-expect-error true or a name
await server.start({ systemd: false });
// @ts-expect-error for servers
await new UDSocket().connect({ systemd: true });

const sockets: InheritedSocket[] = listenFds();
await server.start(sockets[0]!);
await Promise.all(
  sockets.map(({ fd, name }) => new UDSocketServer({ generateId: () => name }).start({ fd }))
);
