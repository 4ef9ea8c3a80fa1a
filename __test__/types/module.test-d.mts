// The types as ESM sees them: the default export is the socket class, and the named ones are those of CommonJS.

import UDSocket, { UDSocket as Named, UDSocketServer, ShortwireError } from 'shortwire';

const socket: Named = new UDSocket();
const server: UDSocketServer = new UDSocketServer();
const isError = (error: unknown): error is Error => error instanceof ShortwireError;

// @ts-expect-error the server is no default export's instance
const wrong: UDSocketServer = new UDSocket();
