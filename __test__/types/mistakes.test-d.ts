// Mistakes against a service interface are reported where they are: each line marked here has its error
// in the next line, not elsewhere in its call.

import { UDSocket, UDSocketServer } from 'shortwire';

interface Shop {
  'orders.get': (query: { id: number }) => { total: number };
  'orders.add': (order: { sku: string; count: number }) => Promise<number>;
  'orders.watch': (query: { since: number }) => AsyncIterable<{ id: number }>;
  upload: (meta: { name: string }) => void;
  log: (line: string) => void;
}
interface Till {
  name: (formal: boolean) => string;
}

const server = new UDSocketServer<Shop, Till>();
const socket = new UDSocket<Shop, Till>();

// A handler's payload, its answer, its parts; a topic that isn't there, or is the other end's.

// @ts-expect-error no idd
server.handle('orders.get', ({ idd }) => ({ total: 1 }));
// @ts-expect-error a text
server.handle('orders.get', () => ({ total: '1' }));
// @ts-expect-error a promise of a text
server.handle('orders.add', async ({ sku }) => sku);
// @ts-expect-error parts without their id
server.handle('orders.watch', async function* () {
  yield { od: 1 };
});
// @ts-expect-error one part, but no parts
server.handle('orders.watch', () => ({ id: 1 }));
// @ts-expect-error a slip of the pen
server.handle('orders.gte', () => ({ total: 1 }));
// @ts-expect-error the server answers that
socket.handle('orders.get', () => ({ total: 1 }));

export async function callers() {
  await socket.call('orders.get', {
    // @ts-expect-error a text
    id: '1'
  });
  await socket.call('orders.get', {
    id: 1,
    // @ts-expect-error too much
    more: 2
  });
  // @ts-expect-error nothing is asked
  await socket.call('orders.get');
  // @ts-expect-error a slip of the pen
  await socket.call('orders.gte', { id: 1 });
  // @ts-expect-error of the answer
  void (await socket.call('orders.get', { id: 1 })).totl;
  await socket.rpc(
    {
      // @ts-expect-error a text
      id: '1'
    },
    { topic: 'orders.get' }
  );
  await socket.rpc(
    { id: 1 },
    {
      // @ts-expect-error a slip of the pen
      topic: 'orders.gte'
    }
  );
  // @ts-expect-error of the answer
  void (await socket.rpc({ id: 1 }, { topic: 'orders.get' })).totl;
  // @ts-expect-error a number
  await socket.notify('log', 1);
  await socket.send(
    // @ts-expect-error a number
    1,
    { topic: 'log' }
  );
}

export async function streams() {
  const parts = socket.iterate(
    {
      // @ts-expect-error a text
      since: 'now'
    },
    { topic: 'orders.watch' }
  );
  for await (const part of socket.iterate({ since: 1 }, { topic: 'orders.watch' })) {
    // @ts-expect-error of the part
    void part.idd;
  }
  socket.stream(
    {
      // @ts-expect-error a slip of the pen
      nam: 'a'
    },
    { topic: 'upload' }
  );
  socket.stream(
    { name: 'a' },
    {
      // @ts-expect-error a slip of the pen
      topic: 'uploads'
    }
  );
  return parts;
}

export async function servers() {
  for (const peer of server.sockets.values()) {
    // @ts-expect-error a text
    await peer.call('name', 'yes');
    // @ts-expect-error the server answers that
    await peer.call('orders.get', { id: 1 });
  }
  await server.survey(
    // @ts-expect-error a text
    'yes',
    { topic: 'name' }
  );
  await server.broadcast(
    // @ts-expect-error a number
    1,
    { topic: 'name' }
  );
  // @ts-expect-error of a text
  server.on('message:log', (line) => line.foo);
}
