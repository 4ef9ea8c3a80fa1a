// A reporter for node's test runner: the files in which something failed, one a line. Must not know: what becomes of them.

/**
 * @param {AsyncIterable<{ type: string, data: { file?: string, name?: string } }>} events
 */
export default async function* failedFiles(events) {
  const named = new Set();
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const file = data.file ?? data.name;
    if (file === undefined || named.has(file)) continue;
    named.add(file);
    yield `${file}\n`;
  }
}
