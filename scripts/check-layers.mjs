// Holds the code to the architecture: which layer imports which, what the pure layers keep out, how long a file may be.
//
// The rules are data, in support/layer-rules.mjs. With an argument it checks another tree: `node scripts/check-layers.mjs DIRECTORY`.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as rules from './support/layer-rules.mjs';
import { requires, withoutComments } from './support/js-source.mjs';
import { linesWithoutTests, paths, rustCode } from './support/rust-source.mjs';

/**
 * Every breach of the rules below `root`, as `file:line: what`.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function checkLayers(root) {
  const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8');
  const rust = list(root, 'src').filter((file) => file.endsWith('.rs'));
  const lib = list(root, 'lib').filter((file) => file.endsWith('.js'));
  const entries = rules.JS_ENTRY_POINTS.filter((file) => existsSync(join(root, file)));
  const crates = existsSync(join(root, 'Cargo.toml')) ? dependencies(read('Cargo.toml')) : [];
  return [
    ...rust.flatMap((file) => checkRust(file, read(file), crates)),
    ...lib.flatMap((file) => checkRequires(file, read(file))),
    ...cycles(new Map(lib.map((file) => [file, targets(file, read(file))]))),
    ...entries.flatMap((file) => checkEntryPoint(file, read(file))),
    ...rules.LINE_ROOTS.flatMap((folder) => list(root, folder)).flatMap((file) =>
      checkLength(file, read)
    )
  ];
}

/**
 * @param {string} file
 * @param {string} source
 * @param {string[]} crates all outside crates of the manifest
 */
function checkRust(file, source, crates) {
  const own = file.slice('src/'.length, -'.rs'.length).split('/');
  if (own.at(-1) === 'mod') own.pop();
  const name = own[0];
  if (rules.RUST_UNLAYERED.includes(name)) return [];
  const layer = rules.RUST_LAYERS[name];
  if (!layer) return [`${file}:1: "${name}" is no layer of the table`];
  const findings = new Set();
  for (const { path, line } of paths(rustCode(source))) {
    const say = (/** @type {string} */ what) => findings.add(`${file}:${line}: ${name} ${what}`);
    const target = absolute(path, own);
    // `super` inside of a module that stands in this very file.
    if (target && path[0] !== 'crate' && !(target[0] in rules.RUST_LAYERS)) continue;
    const written = path.join('::');
    if (target) {
      const allowed = [name, ...layer.layers].some((prefix) =>
        prefix.split('::').every((segment, at) => target[at] === segment)
      );
      if (!allowed) say(`must not import crate::${target.slice(0, 2).join('::')}`);
    } else if (crates.includes(path[0]) && !layer.crates.includes(path[0])) {
      say(`must not use the crate ${path[0]}`);
    }
    const word = layer.words?.find((entry) => `::${written}::`.includes(`::${entry}::`));
    if (word) say(`is pure: no ${word}`);
  }
  return [...findings];
}

/**
 * A path as seen from the crate's root; undefined when it leaves the crate.
 *
 * @param {string[]} path
 * @param {string[]} own the module it stands in
 */
function absolute(path, own) {
  if (path[0] === 'crate') return path.slice(1);
  if (path[0] === 'self') return [...own, ...path.slice(1)];
  const ups = path.findIndex((segment) => segment !== 'super');
  return ups > 0 ? [...own.slice(0, own.length - ups), ...path.slice(ups)] : undefined;
}

/**
 * The names of the crates under [dependencies] and [target.….dependencies], as Rust writes them.
 *
 * @param {string} manifest
 */
function dependencies(manifest) {
  return manifest
    .split(/^(?=\[)/m)
    .filter((table) => /^\[(?:target\..*\.)?dependencies\]/.test(table))
    .flatMap((table) => [...table.matchAll(/^([\w-]+)\s*=/gm)])
    .map((match) => match[1].replaceAll('-', '_'));
}

/**
 * @param {string} file
 * @param {string} source
 */
function checkRequires(file, source) {
  const facade = file.startsWith(rules.JS_FACADES.folder);
  // lib/compat/jftp.js and the files in lib/compat/jftp/ are one façade.
  const ownFolder = `${file.split('/').slice(0, 3).join('/').replace(/\.js$/, '')}/`;
  return requires(source).flatMap(({ specifier, line }) => {
    const say = (/** @type {string} */ what) => [`${file}:${line}: ${what}`];
    if (!specifier.startsWith('.')) {
      const builtin = specifier.replace(/^node:/, '');
      const { builtins, optional } = rules.JS_FACADES;
      if (facade && [...builtins, ...optional].includes(builtin)) return [];
      if (rules.JS_OPTIONAL[file] === builtin) return [];
      if (!isBuiltin(specifier)) return say(`"${specifier}": lib has no runtime dependency`);
      if (rules.JS_BUILTINS_AFTER_ALL[file]?.includes(builtin)) return [];
      return rules.JS_FORBIDDEN_BUILTINS.includes(builtin)
        ? say(`must not know node:${builtin}`)
        : [];
    }
    const target = resolve(file, specifier);
    if (file.startsWith(rules.JS_TOOL.folder)) {
      return target.startsWith(rules.JS_TOOL.folder) || rules.JS_TOOL.may.includes(target)
        ? []
        : say(`the command-line tool stands on the public API: not ${target}`);
    }
    if (target.startsWith(rules.JS_TOOL.folder)) return say(`must not know the tool: ${target}`);
    if (facade) {
      return target.startsWith(ownFolder) || rules.JS_FACADES.may.includes(target)
        ? []
        : say(`a façade stands on the public API: not ${target}`);
    }
    if (target.startsWith(rules.JS_FACADES.folder)) return say(`must not know a façade: ${target}`);
    const may = rules.JS_MAY_REQUIRE[file];
    if (may) return may.includes(target) ? [] : say(`must not require ${target}`);
    if (mayRequire(file, target)) return [];
    return say(`must not require ${target}`);
  });
}

/**
 * Whether the folders of lib/ allow it.
 *
 * @param {string} file
 * @param {string} target
 */
function mayRequire(file, target) {
  const [own, other] = [folderOf(file), folderOf(target)];
  if (own === undefined || rules.JS_SHARED.includes(target)) return target.startsWith('lib/');
  if (other === undefined) return false;
  return own === other || (rules.JS_FOLDERS[own] ?? []).includes(other);
}

/** Which folder of lib/ it is in. @param {string} path */
function folderOf(path) {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

/** @param {string} file @param {string} specifier */
function resolve(file, specifier) {
  const path = posix.join(posix.dirname(file), specifier);
  return /\.(?:js|mjs|json)$/.test(path) ? path : `${path}.js`;
}

/** @param {string} file @param {string} source */
function targets(file, source) {
  const own = requires(source).filter(({ specifier }) => specifier.startsWith('.'));
  return own.map(({ specifier }) => resolve(file, specifier));
}

/** @param {Map<string, string[]>} graph */
function cycles(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const found = [];
  const visit = (/** @type {string} */ file, /** @type {string[]} */ trail) => {
    if (trail.includes(file)) {
      found.push(
        `${file}:1: requires itself: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`
      );
    } else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** @param {string} file @param {string} source */
function checkEntryPoint(file, source) {
  const logic = /=>|\b(?:function|class|if|for|while|switch|new|try)\b/.exec(
    withoutComments(source)
  );
  return logic ? [`${file}:1: an entry point has no logic: "${logic[0]}"`] : [];
}

/** @param {string} file @param {(file: string) => string} read */
function checkLength(file, read) {
  if (!/\.(?:rs|js|mjs|cjs|ts|mts)$/.test(file)) return [];
  const source = read(file);
  const lines = file.endsWith('.rs')
    ? linesWithoutTests(source)
    : source.trimEnd().split('\n').length;
  return lines > rules.MAX_LINES
    ? [`${file}:1: ${lines} lines, the ceiling is ${rules.MAX_LINES}`]
    : [];
}

/**
 * The files below a folder, with forward slashes, relative to `root`.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function list(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).split(sep).join('/');
    if (!entry.isDirectory()) return [path];
    return rules.SKIPPED_FOLDERS.includes(entry.name) ? [] : list(root, path);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = checkLayers(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
  for (const finding of findings) console.error(finding);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
