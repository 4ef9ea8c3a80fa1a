/**
 * `shortwire/compat/jftp` for CommonJS: jftp's names, and nothing else. What differs from the
 * original is in `docs/migrating/jftp.md`.
 */
'use strict';

const { createSerializer } = require('./jftp/serializer.js');
const { UDSocketServer } = require('./jftp/server.js');
const { UDSocket } = require('./jftp/socket.js');

// What TypeScript makes of `import UDSocket from` in CommonJS asks for `default` only then.
Object.defineProperty(exports, '__esModule', { value: true });

exports.default = UDSocket;
exports.UDSocket = UDSocket;
exports.UDSocketServer = UDSocketServer;
exports.createSerializer = createSerializer;
