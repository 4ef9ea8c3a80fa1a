/**
 * Runs many things, several at a time, and hands on their outcomes in the order in which they began.
 * Must not know: what runs.
 */
'use strict';

/**
 * @template Item, Value
 * @param {AsyncIterable<Item>} items may be endless and slow
 * @param {number} most at a time, counting those whose outcome waits for an earlier one's
 * @param {(item: Item) => Promise<Value>} begin
 * @param {(item: Item, value: Value | undefined, error: unknown) => Promise<void>} finish one at a time
 */
async function inOrder(items, most, begin, finish) {
  /** @type {Promise<() => Promise<void>>[]} */
  const open = [];
  let over = false;
  /** Why there are no more items. @type {unknown} */
  let broken;
  let wake = nothing;
  const changed = () =>
    new Promise((/** @type {(value: void) => void} */ resolve) => (wake = resolve));

  const start = async () => {
    try {
      for await (const item of items) {
        open.push(
          begin(item).then(
            (value) => () => finish(item, value, undefined),
            (error) => () => finish(item, undefined, error)
          )
        );
        wake();
        while (open.length >= most) await changed();
      }
    } catch (error) {
      // What has begun before is finished first.
      broken = error;
    }
    over = true;
    wake();
  };
  const end = async () => {
    for (;;) {
      while (open.length === 0) {
        if (broken !== undefined) throw broken;
        if (over) return;
        await changed();
      }
      await (
        await open[0]
      )();
      open.shift();
      wake();
    }
  };
  await Promise.all([start(), end()]);
}

function nothing() {}

exports.inOrder = inOrder;
