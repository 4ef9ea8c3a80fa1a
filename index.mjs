// The entry point for `import 'shortwire'`: the same objects that `require` gives, so state lives once.

import shortwire from './index.js';

export const { UDSocket, UDSocketServer, ShortwireError, bind, listenFds } = shortwire;
export default UDSocket;
