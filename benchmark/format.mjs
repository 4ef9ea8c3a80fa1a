/** How numbers look in tables and charts. Pure. */

/** Three significant digits are what the spread allows. @param {number | undefined} value */
export function formatNumber(value) {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits
  });
}

/** @param {number | undefined} times */
export function formatTimes(times) {
  return times === undefined || !Number.isFinite(times) ? '–' : `${times.toFixed(2)}×`;
}

/** @param {import('./stats.mjs').Summary | undefined} summary */
export function formatSummary(summary) {
  if (summary === undefined) return '–';
  if (summary.count < 2) return formatNumber(summary.median);
  return `${formatNumber(summary.median)} (${formatNumber(summary.min)}–${formatNumber(summary.max)})`;
}

/** In the terms of the column "times better". @param {import('./scenarios/index.mjs').Goal | undefined} goal */
export function formatGoal(goal) {
  if (goal === undefined) return '';
  if ('times' in goal) return `≥ ${goal.times}×`;
  if ('within' in goal) {
    return goal.within === 1
      ? '≥ 1×'
      : `≥ ${(1 / goal.within).toFixed(2)}× (≤ ${goal.within}× its cost)`;
  }
  if ('below' in goal) return `< ${goal.below}, absolute`;
  return '> 1×';
}
