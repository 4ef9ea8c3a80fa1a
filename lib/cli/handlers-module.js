/**
 * The handlers that a module of the user's exports. Must not know: servers.
 */
'use strict';

const { existsSync } = require('node:fs');
const { resolve } = require('node:path');
const { pathToFileURL } = require('node:url');

const { usage } = require('./failure.js');

/** @typedef {(payload: any, context: any) => any} Handler */

/** What a module must look like, for those whose module doesn't. */
const LIKE = `Like: export default { 'users.get': ({ id }) => ({ id }), '*': (payload) => payload };`;

/**
 * @typedef {object} Served
 * @property {Record<string, Handler>} handlers by topic; `*` for all others
 * @property {((hello: any, peer: any) => any) | undefined} authorize
 */

/**
 * What a module exports: handlers as its default, and who may come in as `authorize`.
 * @param {string} path of the module
 * @returns {Promise<Served>}
 */
async function servedBy(path) {
  const exported = await load(path);
  const { authorize } = exported;
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw usage(
      `${path}: authorize is no function`,
      'Like: export function authorize(hello, peer) {}'
    );
  }
  return { handlers: handlersOf(path, exported), authorize };
}

/**
 * @param {string} path
 * @returns {Promise<Record<string, any>>}
 */
async function load(path) {
  const full = resolve(path);
  if (!existsSync(full)) {
    throw usage(`There is no module ${full}`, 'It is a path, with its extension: ./handlers.mjs');
  }
  try {
    return await import(pathToFileURL(full).href);
  } catch (error) {
    throw usage(
      `${path} can't be loaded: ${/** @type {any} */ (error)?.message ?? error}`,
      /** @type {any} */ (error)?.stack
    );
  }
}

/**
 * @param {string} path
 * @param {Record<string, any>} exported
 * @returns {Record<string, Handler>}
 */
function handlersOf(path, exported) {
  const handlers = exported.default;
  if (typeof handlers === 'function') return { '*': handlers };
  if (handlers === null || typeof handlers !== 'object' || Array.isArray(handlers)) {
    const names = Object.keys(exported).filter((name) => name !== 'default');
    const others = names.length > 0 ? ` (it exports ${names.join(', ')})` : '';
    throw usage(`${path} has no function or object as its default export${others}`, LIKE);
  }
  const entries = Object.entries(handlers);
  if (entries.length === 0) throw usage(`${path} exports no handler`, LIKE);
  for (const [topic, handler] of entries) {
    if (typeof handler !== 'function' || topic === '') {
      throw usage(
        `${path}: the topic '${topic}' has ${handler === null ? 'null' : typeof handler}, not a function`,
        LIKE
      );
    }
  }
  return Object.fromEntries(entries);
}

exports.servedBy = servedBy;
