/**
 * Loads the native addon, once, with a failure that says what to do. Must not know: anything else.
 */
'use strict';

const FIX =
  'In a clone, `npm run build` builds it (Rust is needed: https://rustup.rs). In an installation, ' +
  'install again with optional dependencies (no --omit=optional, no --no-optional), on the ' +
  'platform that will run it.';

function load() {
  try {
    return require('../../binding.js');
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    const error = new Error(`shortwire has no native addon for ${platform} here. ${FIX}`, {
      cause
    });
    throw Object.assign(error, { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
  }
}

module.exports = load();
