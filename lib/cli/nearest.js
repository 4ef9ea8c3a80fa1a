/**
 * Which of the known words somebody who mistyped one has meant.
 */
'use strict';

/** More changes than this, and it is another word. */
const MAX_CHANGES = 2;

/**
 * @param {string} word
 * @param {Iterable<string>} known
 * @returns {string | undefined}
 */
function nearest(word, known) {
  let best;
  let least = Math.min(MAX_CHANGES, Math.ceil(word.length / 2) - 1) + 1;
  for (const candidate of known) {
    const changes = distance(word, candidate);
    if (changes < least) [best, least] = [candidate, changes];
  }
  return best;
}

/**
 * Letters to change, add, take away or swap with their neighbour.
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  /** @type {number[][]} */
  const table = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = (table[i] = [i]);
    for (let j = 1; j <= b.length; j++) {
      const changed = table[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, row[j - 1] + 1, table[i - 1][j] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.length][b.length];
}

exports.nearest = nearest;
