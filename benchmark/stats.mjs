/**
 * Statistics on plain numbers: quantiles, summaries of samples, ratios between two libraries. Pure; knows
 * nothing of processes, libraries or scenarios.
 */

/**
 * Linear interpolation between the closest ranks.
 *
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} q 0 to 1
 * @returns {number} NaN when there is nothing
 */
export function quantile(sorted, q) {
  if (sorted.length === 0) return NaN;
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** @param {Iterable<number>} values @returns {number} */
export function median(values) {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/**
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number} q1
 * @property {number} q3
 * @property {number} count
 */

/** @param {Iterable<number>} values @returns {Summary} */
export function summarize(values) {
  const sorted = Float64Array.from(values).sort();
  return {
    median: quantile(sorted, 0.5),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    count: sorted.length
  };
}

/** @param {Float64Array[]} lists @returns {Float64Array} all of them, ascending */
export function mergeSorted(lists) {
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  const merged = new Float64Array(total);
  let at = 0;
  for (const list of lists) {
    merged.set(list, at);
    at += list.length;
  }
  return merged.sort();
}

/**
 * How many times better `ours` is than `theirs`: 2 means half the latency, or twice the rate.
 *
 * @param {number} ours
 * @param {number} theirs
 * @param {'lower' | 'higher'} best
 */
export function advantage(ours, theirs, best) {
  return best === 'lower' ? theirs / ours : ours / theirs;
}

/**
 * The advantage of each round by itself, which shows how far it can be trusted: what slows a machine down
 * for a while slows both down.
 *
 * @param {Map<number, number>} oursByRound
 * @param {Map<number, number>} theirsByRound
 * @param {'lower' | 'higher'} best
 * @returns {Summary}
 */
export function pairedAdvantage(oursByRound, theirsByRound, best) {
  const ratios = [];
  for (const [round, ours] of oursByRound) {
    const theirs = theirsByRound.get(round);
    if (theirs !== undefined) ratios.push(advantage(ours, theirs, best));
  }
  return summarize(ratios);
}

/**
 * Whether a goal is reached.
 *
 * @param {import('./scenarios/index.mjs').Goal} goal
 * @param {number} ours
 * @param {number | undefined} theirs the best peer's, undefined where there is none
 * @param {'lower' | 'higher'} best
 * @returns {boolean | undefined} undefined when it can't be told
 */
export function reaches(goal, ours, theirs, best) {
  if (!Number.isFinite(ours)) return undefined;
  if ('below' in goal) return ours < goal.below;
  if (theirs === undefined || !Number.isFinite(theirs)) return undefined;
  if ('times' in goal) return advantage(ours, theirs, best) >= goal.times;
  if ('within' in goal) return advantage(ours, theirs, best) >= 1 / goal.within;
  return advantage(ours, theirs, best) > 1;
}
