// The entry point for `require('shortwire')`: names and nothing else.

'use strict';

const { UDSocket } = require('./lib/socket.js');
const { UDSocketServer } = require('./lib/server.js');
const { ShortwireError } = require('./lib/errors.js');
const { listenFds } = require('./lib/endpoint/inherited.js');
const { bind } = require('./lib/listener.js');

module.exports = { UDSocket, UDSocketServer, ShortwireError, bind, listenFds };
