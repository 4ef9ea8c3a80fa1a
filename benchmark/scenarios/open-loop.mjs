/**
 * Open loop: calls leave at evenly spaced moments whether or not answers have come, and a latency counts
 * from the moment the call *should* have left, so that a stall is felt by all the calls it delays (no
 * coordinated omission). Knows no library: it is given `request`.
 *
 * The pacer is a loop of `setImmediate`. It never sleeps, so it costs the client's core whole and adds no
 * wake-up to the client's side, for every library alike; what is compared is the server. How late the
 * pacer itself was is reported, so that a distorted sample can be told.
 */
import { Latencies } from './latencies.mjs';

/** More than this in flight: the library doesn't keep up, and the sample says so instead of growing. */
const MAX_BEHIND = 50_000;
const LEAD_IN_MS = 5;

/**
 * @param {(payload: unknown) => Promise<unknown>} request
 * @param {{ payload: unknown, verifier: import('./verify.mjs').Verifier, callsPerSecond: number }} load
 * @param {number} windowMs
 */
export async function runOpenLoop(request, { payload, verifier, callsPerSecond }, windowMs) {
  const latencies = new Latencies();
  const lateness = new Latencies();
  const intervalMs = 1000 / callsPerSecond;
  const total = Math.max(1, Math.floor((windowMs / 1000) * callsPerSecond));
  const startMs = performance.now() + LEAD_IN_MS;
  let sent = 0;
  let answered = 0;
  let last;

  const call = async (intendedMs) => {
    last = await request(payload);
    latencies.add(performance.now() - intendedMs);
    verifier.verify(last);
    answered++;
  };

  await new Promise((resolve, reject) => {
    const turn = () => {
      let nowMs = performance.now();
      while (sent < total) {
        const intendedMs = startMs + sent * intervalMs;
        if (intendedMs > nowMs) break;
        sent++;
        call(intendedMs).catch(reject);
        lateness.add(nowMs - intendedMs);
        nowMs = performance.now();
      }
      if (answered === total) return resolve(undefined);
      if (sent - answered > MAX_BEHIND) return reject(new Error('cannot keep up with the load'));
      setImmediate(turn);
    };
    turn();
  });
  verifier.verifyDeeply(last);

  return {
    calls: total,
    callsPerSecond: (total / (performance.now() - startMs)) * 1000,
    latenciesMs: latencies.values(),
    latenessMs: lateness.values()
  };
}
