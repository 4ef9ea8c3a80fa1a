// Reads as much of Rust as the layer check needs: code without comments, strings and tests, and the paths named in it.
//
// Not a parser: macros are read as text. What is cut out leaves its line breaks behind, so that line numbers stay true.

const NOISE =
  /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:[^"\\]|\\[\s\S])*"|b?'(?:[^'\\\n]|\\[^\n]+?)'/g;

const blank = (/** @type {string} */ text) => text.replace(/[^\n]/g, '');

/**
 * The code of a file: no comments, strings, or items marked #[cfg(test)].
 *
 * @param {string} source
 */
export function rustCode(source) {
  return withoutTests(source.replace(NOISE, blank));
}

/**
 * How many lines a file has without the items marked #[cfg(test)].
 *
 * @param {string} source
 */
export function linesWithoutTests(source) {
  // Each comment and string keeps its lines and nothing that looks like code, so that only the test items are cut.
  const code = source.replace(NOISE, blank);
  return withoutTests(code, () => '')
    .trimEnd()
    .split('\n').length;
}

/**
 * @param {string} code
 * @param {(item: string) => string} [replace]
 */
function withoutTests(code, replace = blank) {
  const mark = /#\[cfg\(test\)\]/g;
  let result = '';
  let from = 0;
  for (let match = mark.exec(code); match; match = mark.exec(code)) {
    if (match.index < from) continue;
    const end = itemEnd(code, match.index + match[0].length);
    result += code.slice(from, match.index) + replace(code.slice(match.index, end));
    from = end;
  }
  return result + code.slice(from);
}

/**
 * Where the item that begins at `from` ends: at its semicolon, or at the brace that closes its first one.
 *
 * @param {string} code
 * @param {number} from
 */
function itemEnd(code, from) {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    const sign = code[at];
    if (sign === ';' && depth === 0) return at + 1;
    if (sign === '{') depth += 1;
    if (sign === '}' && (depth -= 1) === 0) return at + 1;
  }
  return code.length;
}

/**
 * Every path in the code that begins with a name: those of `use` trees written out, and those used in place.
 *
 * @param {string} code from `rustCode`
 * @returns {{ path: string[], line: number }[]}
 */
export function paths(code) {
  /** @type {{ path: string[], line: number }[]} */
  const found = [];
  const lineAt = (/** @type {number} */ index) => code.slice(0, index).split('\n').length;
  const rest = code.replace(/\buse\s+([^;]+);/g, (statement, tree, index) => {
    for (const path of expand(tree)) found.push({ path, line: lineAt(index) });
    return blank(statement);
  });
  for (const match of rest.matchAll(/(?<![\w:])(?:::)?([a-z_]\w*(?:\s*::\s*\w+)+)/g)) {
    found.push({ path: match[1].split(/\s*::\s*/), line: lineAt(match.index) });
  }
  return found;
}

/**
 * `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
 *
 * @param {string} tree
 * @returns {string[][]}
 */
function expand(tree) {
  const text = tree.replace(/\s+as\s+\w+/g, '').replace(/\s+/g, '');
  const open = text.indexOf('{');
  if (open < 0) return [text.split('::').filter(Boolean)];
  const prefix = text.slice(0, open).split('::').filter(Boolean);
  return splitTop(text.slice(open + 1, text.lastIndexOf('}')))
    .filter(Boolean)
    .flatMap((part) => expand(part).map((path) => [...prefix, ...path]));
}

/**
 * Splits at the commas that stand outside of braces.
 *
 * @param {string} text
 */
function splitTop(text) {
  const parts = [''];
  let depth = 0;
  for (const sign of text) {
    if (sign === '{') depth += 1;
    if (sign === '}') depth -= 1;
    if (sign === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts;
}
