/**
 * Finds the adapter for a library's name as it stands on the command line:
 *
 *     node-ipc            a library
 *     shortwire:task      a variant of it
 *     shortwire@other     shortwire from the checkout given with --against
 *
 * An adapter is five functions, and no adapter knows a scenario:
 *
 *     serve(path, handler, options) → server      stop(server)
 *     connect(path, options) → client             disconnect(client)
 *     request(client, payload) → Promise          and `info` about itself
 *
 * `path` is a Unix socket's, or an address of TCP or TLS (`address.mjs`) for those whose `info.transports` has it.
 *
 * Those that can, have more pairs. What a scenario needs of these is in `options.needs`:
 *
 *     tell(server, payload)                       hear(client, listener)     a message for all
 *     ask(server, payload) → Promise<answers>     answer(client, handler)    a question for all
 *     pour(client) → Duplex                       take(server, listener)     a stream of bytes
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the order in which tables show them. */
const MODULES = {
  shortwire: './shortwire.mjs',
  'node-ipc': './node-ipc.mjs',
  'net-ipc': './net-ipc.mjs',
  'socket-ipc': './socket-ipc.mjs',
  zeromq: './zeromq.mjs',
  'vscode-jsonrpc': './vscode-jsonrpc.mjs',
  undici: './undici.mjs',
  'node:net': './node-net.mjs'
};

export const libraryNames = Object.keys(MODULES);

const OTHER = '@other';

/**
 * @typedef {object} Library everything a worker needs to find its adapter; plain data
 * @property {string} spec as given
 * @property {string} name of the adapter
 * @property {string} [variant]
 * @property {string} [root] another checkout of shortwire
 */

/**
 * @param {string} spec
 * @param {string} [otherRoot] the checkout that `@other` means
 * @returns {Library}
 */
export function parseLibrary(spec, otherRoot) {
  const name = libraryNames.find((known) => spec === known || /^[@:]/.test(rest(spec, known)));
  if (name === undefined) {
    throw new Error(`unknown library "${spec}"; known: ${libraryNames.join(', ')}`);
  }
  let tail = spec.slice(name.length);
  /** @type {Library} */
  const library = { spec, name };
  if (tail.startsWith(OTHER)) {
    if (name !== 'shortwire' || otherRoot === undefined) {
      throw new Error(`"${spec}": @other is for shortwire and needs --against`);
    }
    library.root = otherRoot;
    tail = tail.slice(OTHER.length);
  }
  if (tail.startsWith(':')) library.variant = tail.slice(1);
  else if (tail !== '') throw new Error(`unknown library "${spec}"`);
  return library;
}

function rest(spec, known) {
  return spec.startsWith(known) ? spec.slice(known.length) : '';
}

/** @param {Library} library */
export async function loadAdapter({ name, variant, root }) {
  const adapter = await import(MODULES[name]);
  return { adapter, options: { variant, root } };
}

/**
 * Whether a library can take part in a scenario.
 *
 * @param {Library} library
 * @param {{ needs?: string, transport?: string }} scenario
 */
export async function canDo(library, { needs, transport }) {
  const { adapter } = await loadAdapter(library);
  const reaches = transport === undefined || adapter.info.transports?.includes(transport) === true;
  return reaches && (needs === undefined || typeof adapter[needs] === 'function');
}

/**
 * What the report says about a library.
 *
 * @param {Library} library
 * @returns {Promise<{ spec: string, title: string, kind: 'subject' | 'peer' | 'floor', version?: string, note?: string }>}
 */
export async function describeLibrary(library) {
  const { info } = (await loadAdapter(library)).adapter;
  if (library.variant !== undefined && !info.variants?.includes(library.variant)) {
    throw new Error(`"${library.spec}": variants are ${info.variants?.join(', ') ?? 'none'}`);
  }
  return {
    spec: library.spec,
    title: library.spec.replace(library.name, info.title),
    kind: info.kind,
    version:
      info.package && packageVersion(join(import.meta.dirname, '..', 'node_modules', info.package)),
    note: info.note
  };
}

function packageVersion(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}
