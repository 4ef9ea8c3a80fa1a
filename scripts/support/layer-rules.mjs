// The architecture as data: who may import whom. `check-layers.mjs` holds the code to it, docs/architecture.md explains it.
//
// A change here is a change of the architecture: it belongs into a commit of its own, with the reason.

/** Lines in one file, with comments, without the tests inside it. Over it: find the second noun. */
export const MAX_LINES = 400;

/** Where the ceiling holds. */
export const LINE_ROOTS = [
  'src',
  'lib',
  'bin',
  'scripts',
  'benchmark',
  'examples',
  'fuzz',
  '__test__'
];

/** Folders in which nothing is written by hand. */
export const SKIPPED_FOLDERS = ['node_modules', 'target', 'results', 'corpus', 'artifacts'];

/** What a layer must not touch if the same input is always to give the same output: tests then need no clock and no network. */
const IMPURE = [
  'Instant::now',
  'SystemTime',
  'tokio',
  'rand',
  'getrandom',
  'std::net',
  'std::os',
  'std::fs',
  'std::env',
  'std::thread',
  'std::process'
];

/**
 * @typedef {object} Layer
 * @property {string[]} layers what it may import besides itself; `session::event` means that module only
 * @property {string[]} crates the outside crates it may use, by their names in Rust
 * @property {string[]} [words] paths that must not occur in it
 */

/** @type {Record<string, Layer>} */
export const RUST_LAYERS = {
  error: { layers: [], crates: [] },
  config: { layers: ['error'], crates: [] },
  message: { layers: ['error'], crates: ['bytes'] },
  codec: {
    layers: ['error', 'config', 'message'],
    crates: ['bytes', 'flate2', 'memchr', 'serde_json', 'simd_json', 'simdutf8'],
    words: IMPURE
  },
  session: { layers: ['error', 'config', 'message'], crates: ['bytes'], words: IMPURE },
  transport: {
    layers: ['error', 'config'],
    crates: ['tokio', 'rustix', 'dns_lookup', 'rustls', 'webpki']
  },
  driver: {
    layers: ['error', 'config', 'message', 'codec', 'session', 'transport'],
    // The text of a batch is made here, in the encoding that JavaScript takes without another copy.
    crates: ['bytes', 'bytemuck', 'tokio', 'libloading', 'rustix', 'encoding_rs', 'simdutf8']
  },
  bridge: {
    layers: [
      'error',
      'config',
      'message',
      'driver',
      'session::command',
      'session::event',
      // Where to listen and how: what JavaScript's options are turned into. Not the sockets.
      'transport::endpoint',
      'transport::Endpoint',
      'transport::tcp',
      'transport::tls',
      'transport::BindOptions',
      'transport::Peer'
    ],
    // Some functions of Node-API exist only in some hosts, and are looked up at run time.
    crates: [
      'napi',
      'napi_derive',
      'bytes',
      'bytemuck',
      'tokio',
      'simdutf8',
      'encoding_rs',
      'getrandom',
      'libloading'
    ]
  }
};

/** Modules that belong to no layer: the map of the crate, and its tests. */
export const RUST_UNLAYERED = ['lib', 'tests'];

/** Entry points: names and nothing else. */
export const JS_ENTRY_POINTS = ['index.js', 'index.mjs'];

/**
 * The folders of lib/, and which others their files may require. Everybody may require the two files of `JS_SHARED`; the files in
 * lib/ itself are the public classes, which put the folders together.
 *
 * @type {Record<string, string[]>}
 */
export const JS_FOLDERS = {
  core: [],
  observe: ['core'],
  options: ['observe'],
  endpoint: ['core'],
  calls: ['core', 'observe'],
  streams: ['calls', 'core', 'observe'],
  files: ['calls', 'core', 'observe', 'options', 'streams'],
  topics: ['calls', 'core', 'observe', 'options'],
  link: ['calls', 'core', 'endpoint', 'observe', 'options'],
  server: ['core', 'endpoint', 'options'],
  socket: ['calls', 'core', 'files', 'observe', 'options', 'streams']
};

/** Words that all of lib/ shares. */
export const JS_SHARED = ['lib/errors.js', 'lib/symbols.js'];

/**
 * What a file of lib/ may require, where that is less than its folder may. Only the first may load the addon.
 *
 * @type {Record<string, string[]>}
 */
export const JS_MAY_REQUIRE = {
  'lib/core/native.js': ['binding.js'],
  'lib/errors.js': [],
  'lib/core/records.js': [],
  'lib/endpoint/endpoint.js': [
    'lib/errors.js',
    'lib/core/native.js',
    'lib/endpoint/peer.js',
    'lib/endpoint/tls.js'
  ],
  'lib/endpoint/tls.js': ['lib/errors.js', 'lib/core/native.js'],
  'lib/endpoint/peer.js': [],
  'lib/options/options.js': [
    'lib/options/backoff.js',
    'lib/options/compression.js',
    'lib/errors.js',
    'lib/observe/traceparent.js'
  ],
  'lib/options/backoff.js': ['lib/errors.js'],
  'lib/options/compression.js': ['lib/errors.js'],
  'lib/link/reconnection.js': ['lib/options/backoff.js'],
  'lib/endpoint/inherited.js': ['lib/errors.js'],
  'lib/calls/context.js': ['lib/errors.js'],
  'lib/observe/channels.js': [],
  'lib/observe/traceparent.js': ['lib/errors.js', 'lib/core/records.js']
};

/**
 * A façade stands on what users have; besides, it may require the files of its own folder.
 *
 * It may know the classes of Node that the original's classes extend, but not speak to the network through them; and the packages that
 * the original takes when they are there.
 */
export const JS_FACADES = {
  folder: 'lib/compat/',
  may: ['index.js', 'lib/socket.js', 'lib/server.js', 'lib/errors.js'],
  builtins: ['net'],
  optional: ['fast-json-stringify']
};

/**
 * Packages that a file takes when the user asks for them and has them.
 *
 * @type {Record<string, string>}
 */
export const JS_OPTIONAL = { 'lib/core/encodings.js': 'msgpackr' };

/** The command-line tool stands on what users have, too; nothing else may know it. */
export const JS_TOOL = {
  folder: 'lib/cli/',
  may: ['index.js', 'package.json']
};

/** The network is the core's business. */
export const JS_FORBIDDEN_BUILTINS = ['net', 'tls', 'dgram', 'http', 'https', 'http2'];

/**
 * Who may ask them for something that is no network: which roots Node trusts.
 *
 * @type {Record<string, string[]>}
 */
export const JS_BUILTINS_AFTER_ALL = { 'lib/endpoint/tls.js': ['tls'] };
