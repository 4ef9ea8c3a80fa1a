/**
 * One verified call on every connection. For the idle scenario that is all a client does: nobody says
 * anything after it, and the measuring is done from outside, since looking would wake the process up. Knows
 * no library.
 */

/**
 * @param {Array<(payload: unknown) => Promise<unknown>>} requests one per connection
 * @param {{ payload: unknown, verifier: import('./verify.mjs').Verifier }} load
 */
export async function callOnce(requests, { payload, verifier }) {
  for (const request of requests) verifier.verify(await request(payload));
}
