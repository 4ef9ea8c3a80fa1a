// Mutual TLS: the server knows each client by its certificate, and the client knows that it has the right server.
//
//   node examples/tls.mjs

import { readFileSync } from 'node:fs';

import UDSocket, { UDSocketServer } from 'shortwire';

// Made for the tests of the repository, which alone has them. Yours come from your own authority: `make.sh` beside these shows how such a thing is made.
const file = (name) =>
  readFileSync(new URL(`../__test__/fixtures/certs/${name}.pem`, import.meta.url));

const server = new UDSocketServer();
server.handle('who am I?', (_payload, { socket }) => socket.peer.certificate.subject.CN);

await server.start({
  host: 'localhost',
  port: 0,
  tls: {
    cert: file('server.cert'),
    key: file('server.key'),
    requestCert: true,
    ca: file('authority.cert')
  }
});
const { port } = server.address();

const known = new UDSocket();
const ca = file('authority.cert');
const identity = { cert: file('client.cert'), key: file('client.key') };
await known.connect({ host: 'localhost', port, tls: { ca, ...identity } });
console.log('I am', await known.call('who am I?'));
console.log('and this is', known.peer.certificate.subject.CN);
await known.close();

// Without a certificate, nobody is let in.
const refused = new Promise((resolve) => server.on('refused', resolve));
const unknown = new UDSocket();
await unknown.connect({ host: 'localhost', port, tls: { ca } }).catch((error) => {
  console.log('the client was told:', error.code);
});
console.log('the server says:', await refused);

await server.close();
