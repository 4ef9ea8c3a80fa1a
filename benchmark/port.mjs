/**
 * An address for one sample's server, by how it is to be reached. Knows no library.
 */
import net from 'node:net';
import { once } from 'node:events';

/**
 * @param {'tcp' | 'tls' | undefined} transport
 * @param {string} path for a Unix socket
 */
export async function chooseAddress(transport, path) {
  if (transport === undefined) return path;
  // Free now, and the kernel gives out others before it comes back to this one.
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, 'close');
  return `${transport}:${port}`;
}
