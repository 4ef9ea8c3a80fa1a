// The layer check against small trees: a clean one, and one breach at a time.

'use strict';

const assert = require('node:assert/strict');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');
const { after, before, describe, it } = require('node:test');

const CLEAN = {
  'Cargo.toml': [
    '[dependencies]',
    'bytes = "1"',
    'simd-json = "0"',
    "[target.'cfg(unix)'.dependencies]",
    'tokio = "1"',
    '[dev-dependencies]',
    'proptest = "1"'
  ].join('\n'),
  'src/lib.rs': 'pub mod codec;\npub mod error;\n',
  'src/error.rs': 'pub struct Error;\nmod codes { use super::Error; }\n',
  'src/codec/mod.rs': 'use crate::{error::Error, message::{Body, Id}};\nuse bytes::Bytes;\n',
  'src/codec/native.rs':
    "use super::Codec;\n/// Not `crate::driver`.\nfn f<'a>(s: &'a str) -> char { '\"' }\nconst S: &str = \"tokio::spawn crate::bridge::X\";\n",
  'src/driver/task.rs': 'use tokio::net;\nuse crate::session::{event, Session};\n',
  'src/bridge/client.rs': 'use crate::session::event::Event;\n',
  'index.js':
    "'use strict';\n\n// if this were code, it would be logic\nmodule.exports = require('./lib/socket.js');\n",
  'lib/errors.js': '',
  'lib/core/native.js': "module.exports = require('../../binding.js');\n",
  'lib/socket.js':
    "const { EventEmitter } = require('node:events');\nrequire('./core/native.js');\n",
  'lib/server.js': "require('./socket.js');\n",
  'lib/compat/jftp.js': "require('../socket.js');\nrequire('./jftp/framing.js');\n",
  'lib/compat/jftp/framing.js': ''
};

/** Each a file that replaces or joins the clean tree, and what must be found in it. */
const BREACHES = [
  [
    'a codec that reaches up',
    'src/codec/x.rs',
    'use crate::{error, driver::Task};',
    /codec must not import crate::driver/
  ],
  [
    'a path used in place',
    'src/codec/x.rs',
    '\nfn f() { crate::bridge::go() }',
    /x\.rs:2: .*crate::bridge/
  ],
  [
    'a way up through super',
    'src/codec/x.rs',
    'use super::super::session::Session;',
    /must not import crate::session/
  ],
  [
    'an outside crate in the wrong layer',
    'src/error.rs',
    'use simd_json::Value;',
    /must not use the crate simd_json/
  ],
  [
    'a clock in a pure layer',
    'src/session/x.rs',
    'let now = std::time::Instant::now();',
    /is pure: no Instant::now/
  ],
  ['a task in a pure layer', 'src/codec/x.rs', 'tokio::spawn(async {});', /is pure: no tokio/],
  [
    'more of a layer than is open',
    'src/bridge/x.rs',
    'use crate::session::Session;',
    /must not import crate::session::Session/
  ],
  ['a module of no layer', 'src/util.rs', '', /"util" is no layer/],
  [
    'logic in an entry point',
    'index.js',
    'if (process.env.X) module.exports = 1;',
    /no logic: "if"/
  ],
  [
    'the addon loaded elsewhere',
    'lib/core/payload.js',
    "require('../../binding.js')",
    /must not require binding\.js/
  ],
  [
    'a façade behind the API',
    'lib/compat/x.js',
    "require('../native.js')",
    /public API: not lib\/native\.js/
  ],
  [
    'a façade on a façade',
    'lib/compat/x.js',
    "require('./jftp.js')",
    /public API: not lib\/compat\/jftp\.js/
  ],
  [
    'the core on a façade',
    'lib/server.js',
    "require('./compat/jftp.js')",
    /must not know a façade/
  ],
  [
    'a runtime dependency of a façade',
    'lib/compat/x.js',
    "require('left-pad')",
    /no runtime dependency/
  ],
  [
    'the tool behind the API',
    'lib/cli/x.js',
    "require('../socket.js')",
    /stands on the public API: not lib\/socket\.js/
  ],
  ['the core on the tool', 'lib/server.js', "require('./cli/x.js')", /must not know the tool/],
  [
    'a folder of lib on one above it',
    'lib/core/x.js',
    "require('../streams/stream.js')",
    /must not require lib\/streams\/stream\.js/
  ],
  [
    'a folder of lib on the public classes',
    'lib/calls/x.js',
    "require('../socket.js')",
    /must not require lib\/socket\.js/
  ],
  ['a runtime dependency', 'lib/server.js', "require('left-pad')", /no runtime dependency/],
  ['the network in lib', 'lib/server.js', "require('node:net')", /must not know node:net/],
  [
    'a circle',
    'lib/socket.js',
    "require('./server.js');\nrequire('./core/native.js')",
    /socket\.js → lib\/server\.js → lib\/socket\.js|server\.js → lib\/socket\.js → lib\/server\.js/
  ],
  ['a file that is too long', 'lib/server.js', 'x;\n'.repeat(401), /401 lines, the ceiling is 400/]
];

describe('the layer check', () => {
  /** @type {(root: string) => string[]} */
  let checkLayers;
  const directory = mkdtempSync(join(tmpdir(), 'shortwire-layers-'));

  before(async () => {
    ({ checkLayers } = await import('../scripts/check-layers.mjs'));
  });
  after(() => rmSync(directory, { recursive: true }));

  /** @param {string} name @param {Record<string, string>} files */
  function check(name, files) {
    const root = join(directory, name.replaceAll(' ', '-'));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return checkLayers(root);
  }

  it('finds nothing in a clean tree', () => {
    assert.deepEqual(check('clean', CLEAN), []);
  });

  for (const [name, file, text, expected] of BREACHES) {
    it(`finds ${name}`, () => {
      const findings = check(name, { ...CLEAN, [file]: text });
      assert.ok(findings.length > 0, 'nothing was found');
      assert.match(findings.join('\n'), expected);
      assert.ok(
        findings.every((finding) => /^[\w./-]+:\d+: /.test(finding)),
        findings.join('\n')
      );
    });
  }

  it('leaves tests inside a file out of the table and of the count', () => {
    const test = `#[cfg(test)]\nmod tests {\n${'use crate::bridge::X;\n'.repeat(500)}}\n`;
    const files = { ...CLEAN, 'src/codec/x.rs': `fn f() {}\n\n${test}` };
    assert.deepEqual(check('tests-inside', files), []);
  });
});
