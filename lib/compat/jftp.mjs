// `shortwire/compat/jftp` for ESM, with jftp's own exports: the same objects that `require` gives.

import jftp from './jftp.js';

export const { UDSocket, UDSocketServer, createSerializer } = jftp;
export default UDSocket;
