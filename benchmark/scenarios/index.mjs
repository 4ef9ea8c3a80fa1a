/**
 * The list of scenarios, as data: what is sent, how, and which figures are read off with which goal. Knows
 * no library.
 *
 * A goal is held against the best peer of the same run, or the floor where no peer can do it: `times` that many times better than it, `better`
 * better at all, `within` no more than that many times its cost, `below` an absolute limit for every sample.
 */

/**
 * @typedef {{ times: number } | { better: true } | { within: number } | { below: number }} Goal
 * @typedef {object} Figure
 * @property {string} key name in a sample's `figures`
 * @property {string} title
 * @property {'lower' | 'higher'} best
 * @property {Goal} [goal]
 *
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {string} payload id of a payload
 * @property {'closed' | 'open' | 'idle' | 'stream'} loop
 * @property {number} inFlight
 * @property {number} clients client processes
 * @property {number} connections per client process
 * @property {'tcp' | 'tls'} [transport] instead of a Unix socket; libraries that don't have it are left out
 * @property {number} [callsPerSecond] of an open loop
 * @property {'tell' | 'ask' | 'pour'} [needs] what the adapter must be able to do beside calls; others are left out
 * @property {'floor'} [against] whom the goals are held against, instead of the peers
 * @property {string} [driver] of libraries that have several
 * @property {number} [megabytes] of a stream's file, in MiB
 * @property {boolean} [inTurns] every call on another connection
 * @property {number} [cpus] the processes share this many
 * @property {number} [warmUpTimes] longer warm-up: processes that share a core warm up slowly
 * @property {number} [windowTimes] longer sample: where a call takes long, there are few
 * @property {Figure[]} figures
 */

/** @param {Goal} [goal] @returns {Figure} */
const p50 = (goal) => ({ key: 'p50Us', title: 'p50 latency, µs', best: 'lower', goal });
/** @param {Goal} [goal] @returns {Figure} */
const p99 = (goal) => ({ key: 'p99Us', title: 'p99 latency, µs', best: 'lower', goal });
/** @param {Goal} [goal] @returns {Figure} */
const rate = (goal) => ({ key: 'callsPerSecond', title: 'calls per second', best: 'higher', goal });
/** @param {Goal} [goal] @returns {Figure} */
const cpu = (goal) => ({
  key: 'cpuUsPerCall',
  title: 'CPU per call, both sides, µs',
  best: 'lower',
  goal
});
/** @returns {Figure} */
const memory = () => ({ key: 'peakMemoryMb', title: 'peak memory, both sides, MB', best: 'lower' });

const base = { loop: 'closed', inFlight: 1, clients: 1, connections: 1 };

function sequential(payload, title, goals) {
  return {
    ...base,
    id: `${payload}-1`,
    title: `${title}, one call at a time`,
    payload,
    figures: [p50(goals.p50), p99(goals.p99), rate(), cpu(goals.cpu), memory()]
  };
}

function concurrent(payload, title, inFlight, goal, windowTimes = 1) {
  return {
    ...base,
    windowTimes,
    id: `${payload}-${inFlight}`,
    title: `${title}, ${inFlight} in flight`,
    payload,
    inFlight,
    figures: [rate(goal), p99(), cpu(), memory()]
  };
}

/** The same over TCP and over TLS. */
function over(transport, title, goal) {
  const change = (scenario, goals) => ({
    ...scenario,
    id: `${transport}-${scenario.id}`,
    title: `${title}: ${scenario.title}`,
    transport,
    figures: goals
  });
  return [
    change(sequential('tiny', 'tiny object', {}), [p50(goal), p99(), rate(), cpu(), memory()]),
    change(concurrent('k1', '770-byte object', 64), [rate(goal), p99(), cpu(), memory()])
  ];
}

function openLoop(callsPerSecond) {
  return {
    ...base,
    id: `open-${callsPerSecond / 1000}k`,
    title: `tiny object, even load of ${callsPerSecond.toLocaleString('en')} calls/s`,
    payload: 'tiny',
    loop: 'open',
    callsPerSecond,
    figures: [
      {
        key: 'serverCpuPercent',
        title: "server's CPU, % of a core",
        best: 'lower',
        goal: { within: 1.3 }
      },
      p50({ within: 1 }),
      p99()
    ]
  };
}

/** A file of 1 GiB. The peers have no streams; whoever has none either pipes it through a socket of Node's. */
function stream(driver) {
  return {
    ...base,
    id: driver === undefined ? 'stream' : `stream-${driver}`,
    title: `1 GiB through a stream${driver === undefined ? '' : `, driver ${driver}`}`,
    payload: 'tiny',
    loop: 'stream',
    needs: 'pour',
    against: 'floor',
    driver,
    megabytes: 1024,
    figures: [
      { key: 'megabytesPerSecond', title: 'MB/s', best: 'higher', goal: { within: 1.25 } },
      {
        key: 'grownMb',
        title: 'growth of the larger process, MB',
        best: 'lower',
        goal: { below: 64 }
      },
      { key: 'cpuMsPerGb', title: 'CPU per GB, both sides, ms', best: 'lower' }
    ]
  };
}

/** @type {Scenario[]} */
export const scenarios = [
  sequential('tiny', 'tiny object', {
    p50: { times: 7 },
    p99: { better: true },
    cpu: { times: 2 }
  }),
  sequential('k1', '770-byte object', { p50: { times: 3 } }),
  concurrent('tiny', 'tiny object', 64, { times: 3 }),
  concurrent('k1', '770-byte object', 64, { times: 1.2 }),
  concurrent('table', '41 KB table', 16, { times: 1.1 }),
  concurrent('ascii', '1 MB string', 4, { times: 1.1 }, 2),
  concurrent('world', '1 MB of non-ASCII text', 4, { times: 1.5 }, 2),
  {
    ...base,
    id: 'clients-8',
    title: 'tiny object, 8 sequential clients on two cores',
    payload: 'tiny',
    clients: 8,
    cpus: 2,
    warmUpTimes: 4,
    figures: [rate({ times: 1.6 }), p99({ better: true }), p50(), cpu(), memory()]
  },
  {
    ...base,
    id: 'fan-out-100',
    title: 'one message for 100 subscribers',
    payload: 'k1',
    connections: 100,
    needs: 'tell',
    figures: [
      { ...p50({ better: true }), title: 'p50 until the last has it, µs' },
      p99(),
      { ...rate(), title: 'messages for all, per second' },
      cpu({ better: true }),
      memory()
    ]
  },
  {
    ...base,
    id: 'survey-50',
    title: 'one question for 50 clients',
    payload: 'tiny',
    connections: 50,
    needs: 'ask',
    figures: [
      { ...p50({ better: true }), title: 'p50 until the last has answered, µs' },
      p99(),
      { ...rate(), title: 'surveys per second' },
      cpu({ better: true }),
      memory()
    ]
  },
  {
    ...base,
    id: 'active-1000',
    title: '1,000 connections, of which 1 % is active',
    payload: 'tiny',
    connections: 1000,
    inFlight: 10,
    inTurns: true,
    figures: [rate({ better: true }), p99({ better: true }), p50(), cpu(), memory()]
  },
  ...over('tcp', 'TCP', { better: true }),
  ...over('tls', 'TLS', { better: true }),
  stream(),
  stream('task'),
  ...[1000, 5000, 10_000, 15_000].map(openLoop),
  {
    ...base,
    id: 'idle-200',
    title: '200 idle connections',
    payload: 'tiny',
    loop: 'idle',
    connections: 200,
    figures: [
      {
        key: 'idleCpuPercent',
        title: 'CPU, both sides, % of a core',
        best: 'lower',
        goal: { below: 0.5 }
      },
      {
        key: 'voluntarySwitches',
        title: 'voluntary context switches in 10 s',
        best: 'lower',
        goal: { below: 1 }
      },
      memory()
    ]
  }
];
