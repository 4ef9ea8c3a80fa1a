/**
 * What the kernel says about a process: peak memory, CPU time and context switches, read from outside
 * (`/proc`), so that a sleeping process is not woken by being looked at. Where there is no `/proc`, the
 * figures are undefined. Knows no library and no scenario.
 */
import { readFileSync, readdirSync } from 'node:fs';

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {number | 'self'} pid @param {string} field */
function statusField(pid, field, task = '') {
  const match = read(`/proc/${pid}${task}/status`)?.match(new RegExp(`^${field}:\\s+(\\d+)`, 'm'));
  return match ? Number(match[1]) : undefined;
}

/** Peak resident memory. @param {number | 'self'} pid @returns {number | undefined} */
export function peakMemoryBytes(pid) {
  const kib = statusField(pid, 'VmHWM');
  return kib === undefined ? undefined : kib * 1024;
}

/**
 * CPU time and voluntary context switches of all threads that live now. Exact to the nanosecond where the
 * kernel has `schedstat`, which the ticks of `/proc/<pid>/stat` are not.
 *
 * @param {number} pid
 * @returns {{ cpuMs: number, voluntarySwitches: number } | undefined}
 */
export function readThreads(pid) {
  let tasks;
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return undefined;
  }
  let cpuNs = 0;
  let voluntarySwitches = 0;
  for (const task of tasks) {
    const schedstat = read(`/proc/${pid}/task/${task}/schedstat`);
    cpuNs += schedstat ? Number(schedstat.split(' ')[0]) : NaN;
    voluntarySwitches += statusField(pid, 'voluntary_ctxt_switches', `/task/${task}`) ?? 0;
  }
  return { cpuMs: cpuNs / 1e6, voluntarySwitches };
}
