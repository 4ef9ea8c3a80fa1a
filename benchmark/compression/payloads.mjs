/** What is sent: each a function that makes a function of the call's number. Knows no library. */
import { randomBytes } from 'node:crypto';

const NAMES = ['pencil', 'paper', 'stapler', 'eraser', 'ruler', 'notebook', 'folder', 'tape'];
const CITIES = ['Berlin', 'Paris', 'Oslo', 'Madrid', 'Wien', 'Praha', 'Roma', 'Lisboa'];

/** A small order: no two are the same, all are alike. */
const order = (n) => ({
  id: `${(n * 2654435761) >>> 0}`,
  placed: new Date(1.7e12 + n * 7919).toISOString(),
  customer: { name: `customer ${n % 977}`, city: CITIES[n % 8], newsletter: n % 3 === 0 },
  items: Array.from({ length: 1 + (n % 4) }, (_, at) => ({
    sku: `${NAMES[(n + at) % 8]}-${(n * 31 + at) % 997}`,
    count: 1 + ((n * 7 + at) % 9),
    cents: (n * 131 + at * 17) % 10_000
  }))
});

export const PAYLOADS = {
  /** About 25 bytes. */
  tiny: () => (n) => ({ sensor: n % 16, celsius: 20 + (n % 100) / 10 }),
  /** About 240 bytes. */
  order: () => order,
  /** 200 of these: about 49 KB. */
  table: () => {
    const rows = Array.from({ length: 200 }, (_, at) => order(at * 7));
    return (n) => {
      rows[n % 200] = order(n * 13);
      return rows;
    };
  },
  /** 64 KiB that can't become smaller. */
  random: () => {
    const bytes = randomBytes(64 * 1024);
    return () => bytes;
  }
};
