/**
 * Values of options, from their text: durations, numbers, JSON. Each reader throws a usage failure
 * that says what it takes. Must not know: which option it is.
 */
'use strict';

const { readFileSync } = require('node:fs');

const { usage } = require('./failure.js');

/** @typedef {(text: string, name: string) => any} Reader */

/** The most that a timer takes. */
const MAX_MS = 0x7fffffff;
/** @type {Record<string, number>} */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `250`, `250ms`, `1.5s`, `2m`, `1h`: in ms. @type {Reader} */
function duration(text, name) {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const value = parts === null ? NaN : Math.round(Number(parts[1]) * UNITS[parts[2] ?? 'ms']);
  if (!(value <= MAX_MS)) {
    throw usage(`${name} takes a duration, not '${text}'`, 'Like 250 (ms), 250ms, 1.5s or 2m.');
  }
  return value;
}

/** @type {(least: number, most: number) => Reader} */
const integer = (least, most) => (text, name) => {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw usage(`${name} takes an integer from ${least} to ${most}, not '${text}'`);
};

/** @type {(most: number) => Reader} */
const positive = (most) => (text, name) => {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value > 0 && value <= most) return value;
  throw usage(`${name} takes a number above 0 and up to ${most}, not '${text}'`);
};

/** `500`, `64k`, `16M`, `1G`: in bytes, by 1024. @type {(least: number, most: number) => Reader} */
const bytes = (least, most) => (text, name) => {
  const parts = /^(\d+)([kMG])?(?:i?B)?$/i.exec(text);
  const power = parts?.[2] === undefined ? 0 : 'kmg'.indexOf(parts[2].toLowerCase()) + 1;
  const value = parts === null ? NaN : Number(parts[1]) * 1024 ** power;
  if (value >= least && value <= most) return value;
  throw usage(
    `${name} takes a size from ${least} to ${most} bytes, not '${text}'`,
    'Like 65536, 64k or 16M.'
  );
};

/** `660`: permissions. @type {Reader} */
function octal(text, name) {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw usage(`${name} takes permissions in octal, not '${text}'`, 'Like 600 or 660.');
}

/** @type {(names: readonly string[]) => Reader} */
const oneOf = (names) => (text, name) => {
  if (names.includes(text)) return text;
  throw usage(`${name} takes one of ${names.join(', ')}, not '${text}'`);
};

/** The contents of a file. @type {Reader} */
function file(text, name) {
  try {
    return readFileSync(text);
  } catch (error) {
    throw usage(`${name}: ${/** @type {Error} */ (error).message}`);
  }
}

/** JSON, or the JSON of a file: `@token.json`. What is secret doesn't belong on a command line. @type {Reader} */
function json(text, name) {
  if (!text.startsWith('@')) return parseJson(text, name);
  return parseJson(file(text.slice(1), name).toString(), `${name}: ${text.slice(1)}`);
}

/**
 * @param {string} text
 * @param {string} name what it is, for the message
 */
function parseJson(text, name) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = /** @type {Error} */ (error).message;
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
    const hint = jsonHint(text);
    throw usage(`${name} is not JSON: ${shown}`, hint === undefined ? why : `${why}\n${hint}`);
  }
}

const SHOWN_CHARACTERS = 80;

/**
 * What has mostly happened to a text that was to be JSON.
 * @param {string} text
 * @returns {string | undefined}
 */
function jsonHint(text) {
  const trimmed = text.trim();
  if (trimmed === '') return 'It is empty. null is JSON, and so is "".';
  if (/^[[{]/.test(trimmed)) {
    if (/'/.test(trimmed) && !/"/.test(trimmed)) {
      return `JSON has double quotes: '${trimmed.replaceAll("'", '"')}'`;
    }
    if (!/"/.test(trimmed)) {
      return `Has the shell taken the quotes? Put single quotes around it all: '{"name": "value"}'`;
    }
    if (/,\s*[\]}]/.test(trimmed)) return 'JSON has no comma after the last item.';
    return undefined;
  }
  if (/^[\w .,:;!?/@+-]+$/.test(trimmed)) {
    return `For text, put JSON's quotes inside of the shell's: '${JSON.stringify(trimmed)}'`;
  }
  return undefined;
}

module.exports = { bytes, duration, file, integer, json, octal, oneOf, parseJson, positive };
