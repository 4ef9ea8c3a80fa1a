/**
 * Files beside payloads: which to send, and where to save those of an answer. Must not know: calls.
 */
'use strict';

const { accessSync, constants, statSync } = require('node:fs');
const { basename, join } = require('node:path');

const { usage } = require('./failure.js');
const { size } = require('./table.js');

/** @type {import('./values.js').Reader} */
function readableFile(path, name) {
  return checked(path, name, (found) => found.isFile(), 'is no file', constants.R_OK);
}

/** @type {import('./values.js').Reader} */
function writableDirectory(path, name) {
  return checked(path, name, (found) => found.isDirectory(), 'is no directory', constants.W_OK);
}

/**
 * @param {string} path
 * @param {string} name of the option
 * @param {(found: import('node:fs').Stats) => boolean} fits
 * @param {string} otherwise
 * @param {number} access
 */
function checked(path, name, fits, otherwise, access) {
  let found;
  try {
    found = statSync(path);
    accessSync(path, access);
  } catch (error) {
    throw usage(`${name}: ${/** @type {Error} */ (error).message}`);
  }
  if (!fits(found)) throw usage(`${name}: ${path} ${otherwise}`);
  return path;
}

/** @type {Record<string, import('./arguments.js').Option>} */
const fileOptions = {
  file: {
    short: 'f',
    value: 'path',
    multiple: true,
    help: 'send this file beside each payload; may be given again',
    read: readableFile
  }
};

/** @type {Record<string, import('./arguments.js').Option>} */
const savingOptions = {
  save: {
    value: 'directory',
    help: 'save the files of answers here; one that is there already is left alone',
    read: writableDirectory
  }
};

/**
 * What to give to the library as `files`, with progress for people.
 * @param {string[] | undefined} paths
 * @param {import('./output.js').Output} output
 */
function outgoing(paths, output) {
  return paths?.map((path) => ({
    path,
    progress: (/** @type {number} */ sent, /** @type {number} */ all) =>
      output.progress(`${basename(path)}: ${size(sent)} of ${size(all)}`)
  }));
}

/**
 * Saves what has come with an answer, one after another.
 * @param {readonly { name: string, saveTo: (directory: string) => Promise<string> }[]} files
 * @param {string} directory
 * @param {import('./output.js').Output} output
 */
async function save(files, directory, output) {
  for (const file of files) {
    const path = await file.saveTo(directory);
    output.note(`saved ${join(directory, basename(path))}`);
  }
}

exports.fileOptions = fileOptions;
exports.outgoing = outgoing;
exports.save = save;
exports.savingOptions = savingOptions;
