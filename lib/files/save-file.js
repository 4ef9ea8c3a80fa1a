/**
 * Writing what a peer sends into a directory, and nowhere else. Must not know: where the bytes come
 * from.
 */
'use strict';

const { open, rename, rm } = require('node:fs/promises');
const { join } = require('node:path');
const { pipeline } = require('node:stream/promises');

const { ErrorKind, ShortwireError, invalidArgument } = require('../errors.js');
const native = require('../core/native.js');
const options = require('../options/stream-options.js');

/**
 * @param {import('node:stream').Readable & { name: string }} file
 * @param {string} directory
 * @param {unknown} given
 * @returns {Promise<string>} the path
 */
async function save(file, directory, given) {
  let name;
  let overwrite;
  try {
    ({ name, overwrite } = options.saveOptions(given, file.name));
    if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
      throw invalidArgument('directory', 'a path', directory);
    }
    checkName(name);
  } catch (error) {
    file.destroy();
    throw error;
  }
  const path = join(directory, name);
  // Exclusively: neither a file that is there nor the target of a link is ever written to. In place
  // of a file that may be there, a new one is put when it is whole.
  const written = overwrite ? join(directory, `.${native.randomId()}.part`) : path;
  let handle;
  try {
    handle = await open(written, 'wx', 0o666);
  } catch (error) {
    file.destroy();
    throw error;
  }
  try {
    // What has been read is missing here.
    if (file.readableDidRead) throw read();
    await pipeline(file, handle.createWriteStream());
    if (overwrite) await rename(written, path);
  } catch (error) {
    await rm(written, { force: true });
    throw error;
  }
  return path;
}

/** Somebody has read of the file: it can't be saved whole. */
function read() {
  const why = 'The file has been read, or is being saved: it can be saved once, and whole';
  return new ShortwireError(ErrorKind.CLOSED, why);
}

/**
 * A name that is one inside of any directory, on every system.
 * @param {string} name
 */
function checkName(name) {
  const wrong =
    name === '' ||
    name === '.' ||
    name === '..' ||
    Buffer.byteLength(name) > MAX_NAME_BYTES ||
    FORBIDDEN.test(name) ||
    RESERVED.test(name) ||
    name.endsWith('.') ||
    name.endsWith(' ');
  if (wrong) throw invalidArgument('name', 'the name of a file and no path', name);
}

/** What most file systems take. */
const MAX_NAME_BYTES = 255;
/** Separators, NUL and other control characters, and what Windows gives a meaning. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f/\\:*?"<>|]/;
/** Devices of Windows, whatever follows. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *\..*| *)$/i;

module.exports = { save, read, checkName };
