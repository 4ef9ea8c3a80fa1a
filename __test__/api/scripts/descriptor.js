// Speaks over descriptor 3, which it has inherited: `node descriptor.js connect|listen <driver>`.

'use strict';

const { UDSocket, UDSocketServer } = require('../../../index.js');

const [what, driver] = process.argv.slice(2);

async function connect() {
  const socket = new UDSocket({ driver });
  await socket.connect({ fd: 3 });
  console.log(await socket.rpc('asked over a descriptor'));
  await socket.close();
}

async function listen() {
  const server = new UDSocketServer({ driver });
  server.handle((payload) => `${payload}, answered over a descriptor`);
  await server.start({ fd: 3 });
  console.log('listening');
  server.on('disconnect', () => server.close());
}

if (what === 'connect') connect();
else listen();
