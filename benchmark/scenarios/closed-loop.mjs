/**
 * Closed loop: N calls in flight, each lane sends its next call when its answer has come. Knows no library:
 * it is given `request`.
 */
import { Latencies } from './latencies.mjs';

/** With many calls in flight only some are timed, so that reading the clock is not what is measured. */
const TIMED_EVERY = 8;

/**
 * @param {(payload: unknown) => Promise<unknown>} request
 * @param {{ payload: unknown, verifier: import('./verify.mjs').Verifier, inFlight: number }} load
 * @param {number} windowMs
 */
export async function runClosedLoop(request, { payload, verifier, inFlight }, windowMs) {
  const latencies = new Latencies();
  const timedEvery = inFlight === 1 ? 1 : TIMED_EVERY;
  let calls = 0;
  const stop = { reached: false, atMs: 0, calls: 0 };
  let last;

  const lane = async (untilTimed) => {
    while (!stop.reached) {
      if (--untilTimed === 0) {
        untilTimed = timedEvery;
        const startMs = performance.now();
        last = await request(payload);
        latencies.add(performance.now() - startMs);
      } else {
        last = await request(payload);
      }
      verifier.verify(last);
      calls++;
    }
  };

  const startMs = performance.now();
  setTimeout(() => {
    stop.reached = true;
    stop.atMs = performance.now();
    stop.calls = calls;
  }, windowMs);
  await Promise.all(Array.from({ length: inFlight }, (_, i) => lane(1 + (i % timedEvery))));
  verifier.verifyDeeply(last);

  return {
    calls,
    callsPerSecond: (stop.calls / (stop.atMs - startMs)) * 1000,
    latenciesMs: latencies.values()
  };
}
