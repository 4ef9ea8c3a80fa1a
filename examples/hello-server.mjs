// Answers every message with a greeting. In a directory of your own, which nobody else may enter:
//
//   mkdir -m 700 secure_directory
//   node hello-server.mjs

import { UDSocketServer } from 'shortwire';
const SOCKET_PATH = './secure_directory/my_socket.sock';

const server = new UDSocketServer();

// Handle incoming connections
server.on('connection', (socket) => {
  console.log('Client connected');

  // Handle incoming messages
  socket.handle((message) => {
    console.log('Received message:', message);
    return { anything: 'Hello from server!' };
  });

  // Handle socket errors
  socket.on('error', (error) => {
    console.error('Socket error:', error);
  });
});

// Listen for incoming connections
server.start(SOCKET_PATH, () => console.log(`Server listening on ${SOCKET_PATH}`));
