/**
 * Which cores the processes of a sample run on. Knows no library.
 *
 * Two processes that take turns are put on one core by the scheduler at times, and on two at others. On one
 * core a round trip is a context switch, on two a wake-up, which takes several times as long: left to
 * chance, a p50 says which of the two it was and nothing else. So by default the main threads get a core
 * each. Only they: threads of a library may run where they like, as they would without a benchmark.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @returns {number[]} the cores that this process may use, empty where that can't be told */
function allowedCores() {
  let list;
  try {
    list = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(.*)$/m)?.[1];
  } catch {
    list = undefined;
  }
  return (list ?? '').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return range === '' ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const cores = allowedCores();
const canPin = cores.length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** @typedef {'split' | 'same' | 'none'} Pinning */

/** What a run can do of what it was asked. @param {Pinning} wanted @returns {Pinning} */
export function possiblePinning(wanted) {
  return canPin ? wanted : 'none';
}

/**
 * Puts the main threads of a server and its only client on a core each, or on the same one. Called when the
 * libraries have started their threads: those started later would inherit it.
 *
 * @param {Pinning} pinning
 * @param {number} serverPid
 * @param {number[]} clientPids
 */
export function pinMainThreads(pinning, serverPid, clientPids) {
  if (pinning === 'none' || !canPin || clientPids.length !== 1) return;
  pinThread(serverPid, cores[0]);
  pinThread(clientPids[0], pinning === 'same' ? cores[0] : cores[1]);
}

function pinThread(pid, core) {
  const { status } = spawnSync('taskset', ['-cp', String(core), String(pid)]);
  if (status !== 0) throw new Error(`taskset failed for core ${core}`);
}

/**
 * The cores for whole processes of a scenario that is about sharing few: undefined when there are no more.
 *
 * @param {number | undefined} count
 * @returns {string | undefined} as taskset takes them
 */
export function limitCores(count) {
  if (count === undefined || !canPin || cores.length <= count) return undefined;
  return cores.slice(0, count).join(',');
}
