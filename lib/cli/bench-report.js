/**
 * What a load has shown: as plain numbers, and as text for people.
 */
'use strict';

const { PERCENTILES } = require('./latencies.js');
const { columns, count, time } = require('./table.js');

/** The longest bar of the distribution. */
const BAR = 40;
/** From here on the figures are as much those of this side as of the server's. */
const LATE_US = 1000;

/**
 * @param {import('./load.js').Plan} plan
 * @param {import('./load.js').Load} load
 * @param {number} cpuShare of this process, 1 for one core
 */
function benchReport(plan, load, cpuShare) {
  const { rate, concurrency, poisson, sockets, payloads } = plan;
  const seconds = load.measuredMs / 1000;
  const open = rate !== undefined;
  return {
    mode: open ? 'open' : 'closed',
    ...(open && { rate, arrivals: poisson ? 'poisson' : 'even' }),
    connections: sockets.length,
    concurrency,
    payloads: payloads.length,
    measuredMs: Math.round(load.measuredMs),
    answered: load.answered,
    answersPerSecond: seconds > 0 ? Math.round((load.answered / seconds) * 10) / 10 : 0,
    errors: load.errors,
    ...(open && { skipped: load.skipped }),
    latency: load.latencies.summary(),
    distribution: load.latencies.buckets(),
    ...(open && { lateness: load.lateness.summary() }),
    ownCpuPercent: Math.round(cpuShare * 1000) / 10
  };
}

/**
 * @param {ReturnType<typeof benchReport>} report
 * @param {{ bold: (text: string) => string }} style
 * @returns {string}
 */
function benchText(report, style) {
  const { latency, lateness, distribution, errors } = report;
  const figures = /** @type {Record<string, number>} */ (latency);
  const failed = Object.entries(errors);
  const rows = [
    ['least', time(latency.minUs)],
    ['mean', time(latency.meanUs)],
    ...PERCENTILES.map((percentile) => [
      `p${percentile}`,
      time(figures[`p${String(percentile).replace('.', '_')}Us`])
    ]),
    ['most', time(latency.maxUs)]
  ];
  const parts = [
    headline(report),
    `${count(report.answered)} answers, ${style.bold(`${count(report.answersPerSecond)}/s`)}`,
    ...failed.map(([code, times]) => `${count(times)} failed: ${code}`),
    ...(report.skipped ? [skippedText(report.skipped)] : []),
    '',
    columns(rows, { right: true, indent: '  ' }),
    '',
    bars(distribution),
    ''
  ];
  if (lateness !== undefined) {
    const late = /** @type {any} */ (lateness);
    parts.push(`Calls left late by ${time(late.p99Us)} at p99, ${time(late.maxUs)} at most.`);
    if (late.p99Us > LATE_US) {
      parts.push(
        'That is in the latencies, and it is this process that was late: use a smaller rate.'
      );
    }
  }
  parts.push(`This process used ${report.ownCpuPercent.toFixed(0)} % of a core.`);
  return parts.join('\n');
}

/** @param {ReturnType<typeof benchReport>} report */
function headline({ mode, rate, arrivals, connections, concurrency, measuredMs }) {
  const seconds = `${(measuredMs / 1000).toFixed(1)} s`;
  const on = `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
  return mode === 'open'
    ? `Open loop: ${count(/** @type {number} */ (rate))} calls/s (${arrivals}) on ${on} for ${seconds}`
    : `Closed loop: ${concurrency} under way on each of ${on} for ${seconds}`;
}

/** @param {number} skipped */
function skippedText(skipped) {
  return `${count(skipped)} were never sent, with as many under way as allowed: the server can't keep up, and the latencies below are too good.`;
}

/** @param {{ belowUs: number, count: number }[]} distribution */
function bars(distribution) {
  const most = Math.max(1, ...distribution.map((bucket) => bucket.count));
  return columns(
    distribution.map((bucket) => [
      `  < ${time(bucket.belowUs)}`,
      count(bucket.count).padStart(11),
      '█'.repeat(Math.ceil((bucket.count / most) * BAR))
    ])
  );
}

exports.benchReport = benchReport;
exports.benchText = benchText;
