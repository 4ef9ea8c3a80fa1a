/**
 * The order of the samples. Libraries take turns within a scenario, and begin equally often over twice as
 * many rounds as there are libraries, so that what changes with time (heat, neighbours, caches) falls on all
 * alike. Pure.
 */

/**
 * @template T
 * @param {T[]} items
 * @param {number} by
 * @returns {T[]}
 */
export function rotate(items, by) {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/**
 * Whether libraries can take turns within a sample: it has to be a stretch of time full of calls.
 *
 * @param {{ loop: string }} scenario
 */
function canShare({ loop }) {
  return loop === 'closed' || loop === 'open';
}

/**
 * In how many slices a window is cut when libraries take turns within it. Even loads are not: their p99
 * would be that of the first millisecond after each pause.
 *
 * @param {{ loop: string }} scenario
 * @param {number} libraries that are sampled at once
 * @param {number} windowMs of most scenarios; those with longer ones have longer slices, too
 * @param {number} sliceMs
 */
export function countSlices({ loop }, libraries, windowMs, sliceMs) {
  if (libraries === 1 || loop === 'open') return 1;
  return Math.max(1, Math.round(windowMs / sliceMs));
}

/**
 * What is sampled at once: one library, or all of a round's, where two builds are compared.
 *
 * @template L, S
 * @param {Array<{ round: number, scenario: S, library: L }>} order
 * @param {boolean} together
 * @returns {Array<{ round: number, scenario: S, libraries: L[] }>}
 */
export function joinSamples(order, together) {
  const joined = [];
  for (const { round, scenario, library } of order) {
    const last = joined.at(-1);
    const joins = together && last?.round === round && last.scenario === scenario;
    if (joins && canShare(scenario)) last.libraries.push(library);
    else joined.push({ round, scenario, libraries: [library] });
  }
  return joined;
}

/**
 * @template L, S
 * @param {{ libraries: L[], scenarios: S[], samples: number, idleSamples: number, takesPart?: (library: L, scenario: S) => boolean }} run
 * @returns {Array<{ round: number, scenario: S, library: L }>}
 */
export function orderSamples({ libraries, scenarios, samples, idleSamples, takesPart }) {
  const order = [];
  for (let round = 0; round < Math.max(samples, idleSamples); round++) {
    scenarios.forEach((scenario, index) => {
      if (round >= (scenario.loop === 'idle' ? idleSamples : samples)) return;
      // Backwards in every other round: then nobody always follows the same neighbour.
      const turn = round % 2 === 0 ? libraries : libraries.toReversed();
      // A step for every two rounds: with one for each, two libraries would never change places.
      for (const library of rotate(turn, (round >> 1) + index)) {
        if (takesPart?.(library, scenario) !== false) order.push({ round, scenario, library });
      }
    });
  }
  return order;
}
