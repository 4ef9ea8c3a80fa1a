/**
 * One server and many connections: what one call on one of them sets going. Each is a `request` for the
 * closed loop. Knows no library.
 */

/**
 * One message for everybody: a call makes the server tell all, and counts as answered when the last of them
 * has it.
 *
 * @param {Array<(payload: unknown) => Promise<unknown>>} requests one per connection
 * @param {Array<(listener: (payload: unknown) => void) => void>} hears the same
 * @param {import('./verify.mjs').Verifier} verifier
 */
export function fanOut(requests, hears, verifier) {
  let left = 0;
  /** @type {((payload: unknown) => void) | undefined} */
  let told;
  for (const hear of hears) {
    hear((payload) => {
      verifier.verify(payload);
      if (--left === 0) told?.(payload);
    });
  }
  return async (payload) => {
    const all = new Promise((resolve) => (told = resolve));
    left = hears.length;
    await Promise.all([requests[0](payload), all]);
    return all;
  };
}

/**
 * One question for everybody, asked by the server: answered when all have.
 *
 * @param {(payload: unknown) => Promise<unknown[]>} ask
 * @param {number} connections
 * @param {import('./verify.mjs').Verifier} verifier
 */
export function survey(ask, connections, verifier) {
  return async (payload) => {
    const answers = await ask(payload);
    if (answers.length !== connections) throw new Error(`${answers.length} have answered`);
    for (const answer of answers) verifier.verify(answer);
    return answers[0];
  };
}

/**
 * Takes the connections in turns: with N calls in flight, N of them are at work and the others idle.
 *
 * @param {Array<(payload: unknown) => Promise<unknown>>} requests one per connection
 */
export function inTurns(requests) {
  let next = 0;
  return (payload) => {
    const request = requests[next];
    next = next + 1 === requests.length ? 0 : next + 1;
    return request(payload);
  };
}
