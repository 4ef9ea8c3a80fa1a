/**
 * Text in columns, and numbers as people read them.
 */
'use strict';

/**
 * Columns as wide as their widest cell; all but the first are set to the right if `right` says so.
 * @param {string[][]} rows
 * @param {{ right?: boolean, indent?: string }} [settings]
 * @returns {string}
 */
function columns(rows, { right = false, indent = '' } = {}) {
  /** @type {number[]} */
  const widths = [];
  for (const row of rows) {
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, at) =>
        right && at > 0 ? cell.padStart(widths[at]) : cell.padEnd(widths[at])
      );
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** @param {number} bytes */
function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let value = bytes;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${units[at]}`;
}

/** @param {number} us microseconds */
function time(us) {
  if (us < 1000) return `${us.toFixed(us < 100 ? 1 : 0)} µs`;
  if (us < 1_000_000) return `${(us / 1000).toFixed(us < 100_000 ? 2 : 0)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

/** @param {number} ms */
function span(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`;
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(
    Math.floor
  );
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

exports.columns = columns;
exports.count = count;
exports.size = size;
exports.span = span;
exports.time = time;
