// No tracked file may name the host that packages are fetched from: the project must install behind any mirror.
//
// The rule is about shapes, not about a list of hosts: such a list would itself be what it forbids.

import { readFileSync } from 'node:fs';

import { capture } from './support/run.mjs';

/** Each with what it catches. The index of crates that Cargo.lock names is a repository's address, and is meant. */
const FORBIDDEN = [
  { what: 'a download address in a lock file', pattern: /"resolved":\s*"https?:/ },
  {
    what: 'the host of a package registry',
    pattern:
      /https?:\/\/[\w.-]*(?:registry|artifactory|nexus|mirror|crates\.|pypi|pythonhosted)[\w.-]*/i
  },
  { what: 'a registry setting', pattern: /^\s*(?:@[\w-]+:)?registry(?:-url)?\s*[=:]\s*\S/ }
];

const ALLOWED = /registry\+https:\/\/github\.com\/rust-lang\//;
const TEXT_LIMIT_BYTES = 2_000_000;

const { output } = await capture('git', [
  'ls-files',
  '-z',
  '--cached',
  '--others',
  '--exclude-standard'
]);
let findings = 0;
for (const file of output.split('\0').filter(Boolean)) {
  const text = readText(file);
  if (!FORBIDDEN.some(({ pattern }) => new RegExp(pattern, 'im').test(text))) continue;
  for (const [index, line] of text.split('\n').entries()) {
    const found = FORBIDDEN.find(({ pattern }) => pattern.test(line));
    if (!found || ALLOWED.test(line)) continue;
    console.error(`${file}:${index + 1}: ${found.what}`);
    findings += 1;
  }
}
process.exitCode = findings > 0 ? 1 : 0;

/** @param {string} file relative to the repository, which is where this runs */
function readText(file) {
  try {
    const bytes = readFileSync(file);
    return bytes.length > TEXT_LIMIT_BYTES || bytes.includes(0) ? '' : bytes.toString();
  } catch {
    // Listed but deleted in the work tree.
    return '';
  }
}
