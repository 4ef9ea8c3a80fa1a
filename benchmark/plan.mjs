/**
 * The order of the samples. Libraries take turns within a scenario, and each round begins with another
 * one, so that what changes with time (heat, neighbours, caches) falls on all alike. Pure.
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
      for (const library of rotate(turn, round + index)) {
        if (takesPart?.(library, scenario) !== false) order.push({ round, scenario, library });
      }
    });
  }
  return order;
}
