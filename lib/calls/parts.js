/**
 * Answers that come in parts: Node's streams, generators, any async iterable. Must not know: who
 * reads them.
 */
'use strict';

/**
 * @param {any} value
 * @returns {value is AsyncIterable<any>}
 */
function isIterable(value) {
  return typeof value?.[Symbol.asyncIterator] === 'function';
}

/**
 * Nobody reads it to its end: lets it clean up after itself, whatever it makes of that.
 * @param {any} iterable
 * @param {any} [iterator] that has begun to read it
 */
function dismiss(iterable, iterator = iterable) {
  try {
    if (typeof iterable.pipe === 'function' && typeof iterable.destroy === 'function') {
      // Its iterator would wait for a part that may never come. One that is still being opened
      // may fail yet.
      iterable.on('error', ignore).destroy();
      return;
    }
    // A generator in the middle of an await goes on to its end first.
    Promise.resolve(iterator.return?.()).catch(ignore);
  } catch {
    // It is nobody's any more, and so is its error.
  }
}

const ignore = () => {};

module.exports = { isIterable, dismiss };
