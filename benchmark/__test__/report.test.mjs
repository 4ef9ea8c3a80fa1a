import { test } from 'node:test';
import assert from 'node:assert/strict';
import { renderChart } from '../chart.mjs';
import { renderMarkdown } from '../report.mjs';
import { createResult } from './support.mjs';

test('the table has ours, the best peer, the ratio, the goal and the verdict', () => {
  const markdown = renderMarkdown(createResult());
  assert.match(
    markdown,
    /\| tiny, one at a time \| .* \| 11\.0 \| 95\.0 swift \| \*\*8\.64×\*\* \| .* \| ≥ 7× \| yes \|/
  );
  assert.match(
    markdown,
    /\| tiny, 64 in flight \| .* \| 890 \| 1,010 swift \| \*\*0\.88×\*\* \| .* \| ≥ 2× \| \*\*no\*\* \|/
  );
});

test('it says where a peer is better, and by how much', () => {
  assert.match(
    renderMarkdown(createResult()),
    /- tiny, 64 in flight: calls per second \(swift, by 1\.13×\)/
  );
});

test('without our library there are absolute values only', () => {
  const result = createResult();
  result.libraries.shift();
  const markdown = renderMarkdown(result);
  assert.doesNotMatch(markdown, /best peer/);
  assert.match(markdown, /## Absolute values/);
});

test('what failed or was left out is told', () => {
  const result = createResult();
  result.failures.push({ library: 'slow', scenario: 'tiny-1', reason: 'it hung\nand more' });
  result.notRun = 3;
  const markdown = renderMarkdown(result);
  assert.match(markdown, /- slow, tiny-1: it hung\n- 3 sample\(s\) were left out/);
});

test('the chart escapes names and has a bar for every library with values', () => {
  const result = createResult();
  result.libraries[2].title = '<slow> & "old"';
  const svg = renderChart(result);
  assert.match(svg, /&#60;slow&#62; &#38; &#34;old&#34;/);
  assert.equal(svg.match(/<rect class="bar/g)?.length, 8);
  assert.match(svg, /prefers-color-scheme: dark/);
});
