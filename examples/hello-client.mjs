// Says hello to hello-server.mjs, in the same directory.

import UDSocket from 'shortwire';
const SOCKET_PATH = './secure_directory/my_socket.sock';

const socket = new UDSocket();

// Send a message and wait for a response
socket.rpc({ anything: 'Hello from client!' })
  .then(response => {
    console.log('Received response:', response);
  })
  .catch(error => {
    //currently not implemented, promise will never reject
  });

// Handle socket errors
socket.on('error', (error) => {
  console.error('Socket error:', error);
});

// Connect to the server
socket.connect(SOCKET_PATH, () => console.log("Connected to the server"));
