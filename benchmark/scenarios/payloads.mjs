/**
 * The payloads: what is sent, how big it is, and how an answer is recognised. Deterministic, so that two
 * processes build the same object and every run measures the same bytes. Knows no library.
 *
 * `check` runs on every call on both sides and must cost next to nothing; deep equality is checked on the
 * first and the last answers of a sample.
 */

/**
 * @typedef {object} Payload
 * @property {string} id
 * @property {string} title
 * @property {() => unknown} build
 * @property {(value: any) => boolean} check
 */

/** A generator of pseudo-random numbers, so that texts are varied and always the same. */
function createRandom(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
}

const TINY = { anything: 'Hello from client!' };

/** 770 bytes of JSON: nested, mixed types, like an order on its way between two services. */
const ORDER = {
  id: 'ord_01HZX4T9Q2M7',
  customerId: 4_711_023,
  createdAt: '2026-03-14T09:26:53.589Z',
  currency: 'EUR',
  status: 'paid',
  priority: false,
  total: 249.85,
  discount: null,
  address: {
    name: 'Ada Quimby',
    street: '17 Harbour Lane',
    city: 'Bristol',
    postcode: 'BS1 4RW',
    country: 'GB',
    location: { lat: 51.449142, lon: -2.602213 }
  },
  lines: [
    { sku: 'KB-87-ISO', name: 'Mechanical keyboard', quantity: 1, price: 129.9, taxRate: 0.19 },
    { sku: 'CB-USBC-2M', name: 'USB-C cable, 2 m', quantity: 3, price: 9.99, taxRate: 0.19 },
    { sku: 'MT-XL-GRY', name: 'Desk mat, grey', quantity: 1, price: 34.99, taxRate: 0.19 },
    { sku: 'HS-WL-02', name: 'Wireless headset', quantity: 1, price: 54.99, taxRate: 0.07 }
  ],
  tags: ['web', 'repeat-customer'],
  note: 'Please leave it with the neighbour. Thanks'
};

const TABLE_ROWS = 328;
const CITIES = ['Lisbon', 'Oslo', 'Turin', 'Ghent', 'Porto', 'Krakow', 'Bergen', 'Split'];

/** Rows as a query returns them: the same keys again and again. */
function buildTable() {
  const random = createRandom(41);
  return Array.from({ length: TABLE_ROWS }, (_, index) => ({
    id: 100_000 + index,
    name: `sensor-${1000 + random(9000)}`,
    city: CITIES[random(CITIES.length)],
    active: random(4) > 0,
    reading: (1000 + random(9000)) / 100,
    errors: random(10),
    updatedAt: `2026-03-${10 + random(20)}T1${random(10)}:${10 + random(50)}:00Z`
  }));
}

const TEXT_BYTES = 1024 * 1024;

/** Text without escapes: it measures moving a megabyte, not one engine's escape loop. */
function buildText(words, seed) {
  const random = createRandom(seed);
  const parts = [];
  let bytes = 0;
  while (bytes < TEXT_BYTES) {
    const word = `${words[random(words.length)]} `;
    parts.push(word);
    bytes += Buffer.byteLength(word);
  }
  // Through a Buffer, so that the string is flat: a rope would be flattened by the first call only.
  return Buffer.from(parts.join('')).toString();
}

const ENGLISH = 'the socket carries every answer back to whoever asked for it in order'.split(' ');
const WORLD =
  'привет мир сообщение 套接字 消息 处理 メッセージ 응답 Größe Ελλάδα 😀 🚀 данные 数据'.split(' ');

function textPayload(id, title, words, seed) {
  let length = 0;
  const build = () => {
    const text = buildText(words, seed);
    length = text.length;
    return { name: 'document', text };
  };
  return { id, title, build, check: (value) => value.text.length === length };
}

/** @type {Record<string, Payload>} */
export const payloads = {
  tiny: {
    id: 'tiny',
    title: 'tiny object',
    build: () => TINY,
    check: (value) => value.anything.length === TINY.anything.length
  },
  k1: {
    id: 'k1',
    title: '770-byte object',
    build: () => ORDER,
    check: (value) => value.customerId === ORDER.customerId && value.lines.length === 4
  },
  table: {
    id: 'table',
    title: '41 KB table',
    build: buildTable,
    check: (value) =>
      value.length === TABLE_ROWS && value[TABLE_ROWS - 1].id === 99_999 + TABLE_ROWS
  },
  ascii: textPayload('ascii', '1 MB string', ENGLISH, 7),
  world: textPayload('world', '1 MB of non-ASCII text', WORLD, 11)
};
