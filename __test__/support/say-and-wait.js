// A process of its own that says some bytes to a socket and then does nothing: node say-and-wait.js <path> <base64>

'use strict';

const net = require('node:net');

const [path, base64] = process.argv.slice(2);
const socket = net.connect(path);
socket.write(Buffer.from(base64, 'base64'), () => console.log('said'));
