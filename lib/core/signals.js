/**
 * Who waits for a signal to fire: one listener for all of them, so that many calls may share a signal
 * without Node's warning of a leak, and cost a listener once. Must not know: what they do then.
 */
'use strict';

/** @type {WeakMap<AbortSignal, Set<() => void>>} */
const watchers = new WeakMap();

/**
 * @param {AbortSignal} signal that has not fired
 * @param {() => void} abort called when it does, at most once; must not throw
 * @returns {() => void} takes it back
 */
function onAbort(signal, abort) {
  const known = watchers.get(signal);
  const waiting = known ?? new Set();
  // The same function may wait twice.
  const entry = () => abort();
  waiting.add(entry);
  if (known === undefined) {
    watchers.set(signal, waiting);
    signal.addEventListener('abort', fired, { once: true });
  }
  return () => {
    if (!waiting.delete(entry) || waiting.size > 0) return;
    if (watchers.get(signal) !== waiting) return;
    watchers.delete(signal);
    signal.removeEventListener('abort', fired);
  };
}

/** @param {Event} event */
function fired({ currentTarget }) {
  const signal = /** @type {AbortSignal} */ (currentTarget);
  const waiting = watchers.get(signal);
  watchers.delete(signal);
  // One may take back another that has not been told yet.
  for (const entry of waiting ?? []) entry();
}

module.exports = { onAbort };
