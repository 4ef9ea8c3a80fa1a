// Reads as much of JavaScript as the layer check needs: the code without its comments, and what it requires.
//
// Not a parser: a quote inside a regular expression is taken for a string up to the end of that line.

const TOKENS =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
const REQUIRE = /\b(?:require\(|import\(|from|import)\s*(['"])([^'"\n]+)\1/g;

/**
 * The source with its comments blanked; line breaks stay.
 *
 * @param {string} source
 */
export function withoutComments(source) {
  return source.replace(TOKENS, (token) =>
    token.startsWith('/') ? token.replace(/[^\n]/g, '') : token
  );
}

/**
 * What a file requires or imports.
 *
 * @param {string} source
 * @returns {{ specifier: string, line: number }[]}
 */
export function requires(source) {
  const code = withoutComments(source);
  return [...code.matchAll(REQUIRE)].map((match) => ({
    specifier: match[2],
    line: code.slice(0, match.index).split('\n').length
  }));
}
