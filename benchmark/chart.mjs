/**
 * The result as an SVG chart: one small panel of bars per scenario. Pure; knows no library by name.
 *
 * By hand: the libraries that render such charts on a server bring a DOM or tens of megabytes for what are
 * rectangles and text here. It has a background of its own and follows `prefers-color-scheme`, so that it
 * can be read on a light page and on a dark one, in whatever combination.
 */
import { analyse, findSubject } from './analysis.mjs';
import { formatNumber } from './format.mjs';

/** Which figure of which scenario gets a panel, in this order. */
const PANELS = [
  ['tiny-1', 'p50Us'],
  ['k1-1', 'p50Us'],
  ['tiny-64', 'callsPerSecond'],
  ['k1-64', 'callsPerSecond'],
  ['table-16', 'callsPerSecond'],
  ['ascii-4', 'callsPerSecond'],
  ['world-4', 'callsPerSecond'],
  ['clients-8', 'callsPerSecond'],
  ['tiny-1', 'cpuUsPerCall'],
  ['open-10k', 'serverCpuPercent']
];

const COLUMNS = 2;
const PANEL_WIDTH = 440;
const MARGIN = 24;
const HEAD_HEIGHT = 52;
const BAR_HEIGHT = 14;
const BAR_STEP = 20;
const LABEL_WIDTH = 150;
const VALUE_WIDTH = 70;
const TITLE_HEIGHT = 46;

const STYLE = `
    .card { fill: #ffffff; stroke: #d0d7de }
    text { font: 12px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #424a53 }
    .head { font-size: 16px; font-weight: 600; fill: #1f2328 }
    .title { font-size: 13px; font-weight: 600; fill: #1f2328 }
    .ours { font-weight: 600; fill: #1f2328 }
    .bar { fill: #afb8c1 }
    .bar.ours { fill: #1f883d }
    .bar.floor { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
    .spread { stroke: #57606a }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d }
      text { fill: #b1bac4 }
      .head, .title, .ours { fill: #f0f6fc }
      .bar { fill: #484f58 }
      .bar.ours { fill: #2ea043 }
      .bar.floor { fill: none; stroke: #6e7681 }
      .spread { stroke: #9198a1 }
    }`;

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** @param {any} result @returns {string} */
export function renderChart(result) {
  const comparisons = analyse(result);
  const panels = PANELS.map(([scenarioId, key]) =>
    comparisons.find((item) => item.scenarioId === scenarioId && item.figure.key === key)
  ).filter((panel) => panel !== undefined && panel.byLibrary.size > 0);

  const panelHeight = TITLE_HEIGHT + result.libraries.length * BAR_STEP + MARGIN;
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = COLUMNS * PANEL_WIDTH + (COLUMNS + 1) * MARGIN;
  const height = HEAD_HEIGHT + rows * panelHeight + MARGIN;
  const body = panels.map((panel, index) => {
    const x = MARGIN + (index % COLUMNS) * (PANEL_WIDTH + MARGIN);
    const y = HEAD_HEIGHT + Math.floor(index / COLUMNS) * panelHeight;
    return `  <g transform="translate(${x} ${y})">\n${renderPanel(result, panel)}\n  </g>`;
  });
  const headline = `Calls between two Node processes, Node ${result.nodeVersion}, ${result.machine.cores} cores`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(headline)}">`,
    `  <style>${STYLE}\n  </style>`,
    `  <rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `  <text class="head" x="${MARGIN}" y="34">${escape(headline)}</text>`,
    ...body,
    '</svg>',
    ''
  ].join('\n');
}

/** @param {any} result @param {import('./analysis.mjs').Comparison} panel */
function renderPanel(result, { scenarioTitle, figure, byLibrary }) {
  const subject = findSubject(result);
  const bars = result.libraries
    .filter(({ spec }) => byLibrary.has(spec))
    .map((library) => ({ ...library, summary: byLibrary.get(library.spec) }))
    .sort((a, b) => (a.summary.median - b.summary.median) * (figure.best === 'lower' ? 1 : -1));
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const scale = room / Math.max(...bars.map(({ summary }) => summary.max));
  const lines = [
    `    <text class="title" x="0" y="14">${escape(scenarioTitle)}</text>`,
    `    <text x="0" y="31">${escape(figure.title)} (${figure.best} is better)</text>`
  ];
  bars.forEach(({ spec, title, kind, summary }, index) => {
    const y = TITLE_HEIGHT + index * BAR_STEP;
    const middle = y + BAR_HEIGHT / 2;
    const at = (value) => (LABEL_WIDTH + value * scale).toFixed(1);
    const ours = spec === subject ? ' ours' : '';
    const floor = kind === 'floor' ? ' floor' : '';
    lines.push(
      `    <text class="label${ours}" x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escape(title)}</text>`,
      `    <rect class="bar${ours}${floor}" x="${LABEL_WIDTH}" y="${y}" width="${Math.max(1, summary.median * scale).toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`
    );
    if (summary.count > 1) {
      lines.push(
        `    <line class="spread" x1="${at(summary.min)}" x2="${at(summary.max)}" y1="${middle}" y2="${middle}"/>`
      );
    }
    const valueX = LABEL_WIDTH + summary.max * scale + 8;
    lines.push(
      `    <text class="value${ours}" x="${valueX.toFixed(1)}" y="${middle + 4}">${formatNumber(summary.median)}</text>`
    );
  });
  return lines.join('\n');
}
