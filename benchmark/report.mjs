/**
 * The result as Markdown: ratios to the best peer with the goals, where a peer is better, absolute values,
 * the machine's floor. Pure; measures nothing and knows no library by name.
 */
import { analyse, findSubject } from './analysis.mjs';
import { formatGoal, formatNumber, formatSummary, formatTimes } from './format.mjs';

/** @param {string[]} cells */
const row = (cells) => `| ${cells.join(' | ')} |`;

/** @param {string[]} head @param {string[][]} rows @param {number} textColumns the rest are numbers */
function table(head, rows, textColumns) {
  const rule = head.map((_, index) => (index < textColumns ? '---' : '---:'));
  return [row(head), row(rule), ...rows.map(row)].join('\n');
}

/** @param {any} result @returns {string} */
export function renderMarkdown(result) {
  const comparisons = analyse(result);
  const titles = new Map(result.libraries.map(({ spec, title }) => [spec, title]));
  const sections = [
    `# Benchmark: ${{ full: 'full run', quick: 'quick run', compare: 'two builds' }[result.mode]}`,
    describeRun(result),
    ...(comparisons.some(({ times }) => times !== undefined)
      ? [ratioSection(result, comparisons, titles), weakSection(result, comparisons, titles)]
      : []),
    absoluteSection(result, comparisons, titles),
    floorSection(result),
    failureSection(result)
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const PINNING = {
  split: 'the main threads of server and client have a core each (not with several clients)',
  same: 'the main threads of server and client share one core',
  none: 'processes run where the scheduler puts them'
};

/** @param {{ commit?: string, dirty?: boolean }} checkout */
function describeCommit({ commit = 'unknown', dirty }) {
  return `\`${commit.slice(0, 10)}\`${dirty ? ' with uncommitted changes' : ''}`;
}

function describeRun(result) {
  const { machine, settings, checkout, other } = result;
  const lines = [
    `- ${result.createdAt.slice(0, 10)}, Node ${result.nodeVersion}, commit ${describeCommit(checkout)}`,
    `- ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system} ${machine.arch}, load before the run ${machine.loadBefore}`,
    `- ${settings.samples} sample(s) of ${settings.windowMs} ms per library and scenario (idle: ${settings.idleSamples} of ${settings.idleMs} ms), median (lowest–highest)`,
    `- ${PINNING[settings.pin]}`
  ];
  if (other !== undefined) {
    lines.splice(1, 0, `- the other build: commit ${describeCommit(other)}`);
    lines.push(`- in turns of ${settings.sliceMs} ms, even loads in whole windows`);
  }
  if (result.mode === 'quick')
    lines.push('- a quick run is a first impression: its figures are not to be quoted');
  const versions = result.libraries.filter(({ version }) => version);
  if (versions.length > 0) {
    lines.push(`- ${versions.map(({ title, version }) => `${title} ${version}`).join(', ')}`);
  }
  return lines.join('\n');
}

function ratioSection(result, comparisons, titles) {
  const subject = findSubject(result);
  const rival = result.mode === 'compare' ? 'other build' : 'best peer';
  const goals = result.mode !== 'compare';
  const shown = goals ? comparisons.filter(({ figure }) => figure.goal !== undefined) : comparisons;
  const rows = shown.map((comparison) => {
    const { figure, byLibrary, bestRival, times, timesByRound } = comparison;
    const cells = [
      comparison.scenarioTitle,
      figure.title,
      formatNumber(byLibrary.get(subject)?.median),
      bestRival === undefined
        ? '–'
        : `${formatNumber(byLibrary.get(bestRival)?.median)}${goals ? ` ${titles.get(bestRival)}` : ''}`,
      `**${formatTimes(times)}**`,
      timesByRound === undefined || timesByRound.count < 2
        ? ''
        : `${formatTimes(timesByRound.min)}–${formatTimes(timesByRound.max)}`
    ];
    if (goals) cells.push(formatGoal(figure.goal), verdict(comparison.reached));
    return cells;
  });
  const head = ['scenario', 'figure', 'shortwire', rival, 'times better', 'by round'];
  if (goals) head.push('goal', 'reached');
  return [
    `## Against the ${rival}`,
    'Times better: how many times lower (or, for rates, higher) than the ' +
      `${rival} of the same run; below 1 the ${rival} is better. By round: the same, of each round alone.` +
      (goals ? '' : ' The former is the median of the latter.') +
      (goals ? ' Where no peer can do it, the floor stands for the best.' : ''),
    table(head, rows, 2)
  ].join('\n\n');
}

function verdict(reached) {
  if (reached === undefined) return '–';
  return reached ? 'yes' : '**no**';
}

function weakSection(result, comparisons, titles) {
  const rival = result.mode === 'compare' ? 'the other build' : 'a peer';
  const lines = comparisons
    .filter(({ times }) => times !== undefined && times < 1)
    .sort((a, b) => /** @type {number} */ (a.times) - /** @type {number} */ (b.times))
    .map(({ scenarioTitle, figure, bestRival, times }) => {
      const factor = formatTimes(1 / /** @type {number} */ (times));
      return `- ${scenarioTitle}: ${figure.title} (${titles.get(bestRival)}, by ${factor})`;
    });
  return [
    `## Where ${rival} is better`,
    lines.length === 0 ? 'Nowhere in this run.' : lines.join('\n')
  ].join('\n\n');
}

function absoluteSection(result, comparisons, titles) {
  const parts = ['## Absolute values'];
  for (const scenario of result.scenarios) {
    const figures = comparisons.filter(({ scenarioId }) => scenarioId === scenario.id);
    const rows = result.libraries
      .filter(({ spec }) => figures.some(({ byLibrary }) => byLibrary.has(spec)))
      .map(({ spec }) => [
        `${titles.get(spec)}`,
        ...figures.map(({ byLibrary }) => formatSummary(byLibrary.get(spec)))
      ]);
    parts.push(
      `### ${scenario.title}`,
      table(['', ...figures.map(({ figure }) => figure.title)], rows, 1)
    );
  }
  return parts.join('\n\n');
}

function floorSection({ floor }) {
  if (floor === undefined) return '';
  if (floor.note !== undefined) return `## The machine's floor\n\n${floor.note}`;
  const rows = floor.cases.map(({ title, p50Us, p99Us, cpuUsPerCall }) => [
    title,
    formatSummary(p50Us),
    formatSummary(p99Us),
    formatSummary(cpuUsPerCall)
  ]);
  return [
    "## The machine's floor",
    'A round trip without JSON, JavaScript or an event loop, each process on a core of its own.',
    table(['', 'p50, µs', 'p99, µs', 'CPU per round trip, both, µs'], rows, 1)
  ].join('\n\n');
}

function failureSection({ failures, notRun }) {
  const lines = failures.map(
    ({ library, scenario, reason }) => `- ${library}, ${scenario}: ${reason.split('\n')[0]}`
  );
  if (notRun > 0) lines.push(`- ${notRun} sample(s) were left out: the time was up`);
  return lines.length === 0 ? '' : `## Failed or left out\n\n${lines.join('\n')}`;
}
