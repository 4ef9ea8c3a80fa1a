/**
 * From the raw samples of a result to what they say: medians with spread, the best peer of each figure, the
 * advantage over it, and whether the goal is reached. Pure; knows no library by name and prints nothing.
 */
import { advantage, pairedAdvantage, reaches, summarize } from './stats.mjs';

/**
 * @typedef {import('./stats.mjs').Summary} Summary
 * @typedef {object} Comparison one figure of one scenario
 * @property {string} scenarioId
 * @property {string} scenarioTitle
 * @property {import('./scenarios/index.mjs').Figure} figure
 * @property {Map<string, Summary>} byLibrary
 * @property {string} [bestRival]
 * @property {number} [times] how many times better than the best rival the subject is
 * @property {Summary} [timesByRound]
 * @property {boolean} [reached] undefined without a goal, or when it can't be told
 */

/** @param {any} result @param {string} scenarioId @param {string} library @param {string} key */
function valuesByRound(result, scenarioId, library, key) {
  /** @type {Map<number, number>} */
  const values = new Map();
  for (const sample of result.samples) {
    if (sample.scenario !== scenarioId || sample.library !== library) continue;
    const value = sample.figures[key];
    // NaN doesn't survive JSON: it is read back as null.
    if (typeof value === 'number' && Number.isFinite(value)) values.set(sample.round, value);
  }
  return values;
}

/** Who is measured: this checkout's shortwire, if it takes part. @param {any} result @returns {string | undefined} */
export function findSubject(result) {
  return result.libraries.find(({ kind, other }) => kind === 'subject' && !other)?.spec;
}

/**
 * Whom the subject is held against: the other build, the peers, or the floor where no peer can do it.
 *
 * @param {any} result
 * @param {{ against?: 'floor' }} [scenario]
 * @returns {string[]}
 */
export function findRivals(result, { against = 'peer' } = {}) {
  const wanted = result.mode === 'compare' ? ({ other }) => other : ({ kind }) => kind === against;
  return result.libraries.filter(wanted).map(({ spec }) => spec);
}

/** @param {any} result as written to JSON @returns {Comparison[]} in the order of the scenarios */
export function analyse(result) {
  const subject = findSubject(result);
  return result.scenarios.flatMap((scenario) => {
    const rivals = findRivals(result, scenario);
    return scenario.figures.map((figure) => compare(result, scenario, figure, subject, rivals));
  });
}

function compare(result, scenario, figure, subject, rivals) {
  const rounds = new Map();
  const byLibrary = new Map();
  for (const { spec } of result.libraries) {
    const values = valuesByRound(result, scenario.id, spec, figure.key);
    if (values.size === 0) continue;
    rounds.set(spec, values);
    byLibrary.set(spec, summarize(values.values()));
  }
  const bestRival = pickBest(rivals, byLibrary, figure.best);
  const ours = subject === undefined ? undefined : byLibrary.get(subject);
  const theirs = bestRival === undefined ? undefined : byLibrary.get(bestRival);
  /** @type {Comparison} */
  const comparison = {
    scenarioId: scenario.id,
    scenarioTitle: scenario.title,
    figure,
    byLibrary,
    bestRival
  };
  if (ours === undefined) return comparison;
  if (theirs !== undefined) {
    comparison.times = advantage(ours.median, theirs.median, figure.best);
    comparison.timesByRound = pairedAdvantage(
      rounds.get(subject),
      rounds.get(bestRival),
      figure.best
    );
    // Of two builds that took turns within each round, the rounds say more than their medians.
    if (result.mode === 'compare') comparison.times = comparison.timesByRound.median;
  }
  if (figure.goal !== undefined && result.mode !== 'compare') {
    // What must never be exceeded is no matter of medians.
    const value = 'below' in figure.goal ? ours.max : ours.median;
    comparison.reached = reaches(figure.goal, value, theirs?.median, figure.best);
  }
  return comparison;
}

/**
 * @param {string[]} candidates
 * @param {Map<string, Summary>} byLibrary
 * @param {'lower' | 'higher'} best
 */
function pickBest(candidates, byLibrary, best) {
  let winner;
  for (const candidate of candidates) {
    const value = byLibrary.get(candidate)?.median;
    if (value === undefined) continue;
    const leader = winner === undefined ? undefined : byLibrary.get(winner)?.median;
    if (leader === undefined || (best === 'lower' ? value < leader : value > leader))
      winner = candidate;
  }
  return winner;
}
