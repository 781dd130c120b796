// The geometry of a treemap: rectangles by weight, text sizes, strength of colours, neighbours.
// The layout is d3-hierarchy's, a script of its own (`globalThis.d3`).

const GAP = 2;
const LETTER = 0.69; // of the font size, the width of a bold capital
const DIGIT = 0.85 * 0.64; // that of the smaller second line
const SIZES = [
  ["xl", 24, 16],
  ["l", 18, 16],
  ["m", 15, 8],
  ["s", 12, 8],
];
const LABEL_LETTER = 6.5; // px, at the size of labels
const MIN_DIGIT_PX = 11; // the second line is never smaller
const FULL_PCT = 4;
const MIN_SHARE = 0.02; // of the weight: smaller groups are merged into one, named Outros
const REST_ROUNDS = 4; // a box that tiles share moves the others, which may then be too small too

/**
 * Return rows in groups, both the heaviest first; rows without a weight are left out. Groups of less than
 * MIN_SHARE are merged into one without a name; if there is only one such group, with the next larger one.
 */
export function grouped(rows) {
  const groups = groupsOf(rows);
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  const first = groups.findIndex(({ weight }) => weight < total * MIN_SHARE);
  if (first < 1 || groups.length < 3) return groups;
  const from = Math.min(first, groups.length - 2);
  const small = groups.splice(from).flatMap((group) => group.rows);
  return [...groups, ...groupsOf(small.map((row) => ({ ...row, group: "" })))];
}

function groupsOf(rows) {
  const groups = new Map();
  for (const row of rows) {
    if (!(row.weight > 0)) continue;
    const group = groups.get(row.group) ?? { name: row.group, weight: 0, rows: [] };
    group.rows.push(row);
    group.weight += row.weight;
    groups.set(row.group, group);
  }
  const heaviestFirst = (a, b) => b.weight - a.weight;
  for (const group of groups.values()) group.rows.sort(heaviestFirst);
  return [...groups.values()].sort(heaviestFirst);
}

/**
 * Lay out groups of `grouped` in a box: {groups, tiles, rests}, Maps from a group's name, a row's symbol and
 * a group's name to {x, y, width, height}. At the top of each group that is wide enough for its label,
 * `labelHeight` is kept free; only those are in `groups`. With `hasRests` the tiles of a group that are too
 * small for their codes share one box, in `rests`.
 */
export function layOut(groups, { width, height, labelHeight, hasRests = false }) {
  const small = new Map(groups.map(({ name }) => [name, new Set()])); // the symbols that share a box
  let boxes = place(groups, small, { width, height, labelHeight });
  for (let round = 0; hasRests && round < REST_ROUNDS && gather(groups, boxes, small); round += 1) {
    boxes = place(groups, small, { width, height, labelHeight });
  }
  return boxes;
}

/** Add the tiles without room for their codes to those that share a box; return whether there were any. */
function gather(groups, { tiles }, small) {
  let hasMore = false;
  for (const { name, rows } of groups) {
    const symbols = rows.map(({ symbol }) => symbol);
    const nameless = symbols.filter((symbol) => tiles.has(symbol) && !textFit(tiles.get(symbol), symbol.length, 0).lines);
    const shared = small.get(name);
    if (!nameless.length || nameless.length + shared.size < 2) continue;
    for (const symbol of nameless) shared.add(symbol);
    hasMore = true;
  }
  return hasMore;
}

function place(groups, small, { width, height, labelHeight }) {
  const root = globalThis.d3.hierarchy(
    { children: groups.map((group) => ({ group, children: withRest(group, small.get(group.name)) })) },
    (node) => node.children,
  );
  root.sum((node) => node.weight ?? 0);
  const treemap = globalThis.d3.treemap().size([width, height]).round(true).paddingInner(GAP);
  treemap(root); // the groups, whose places do not depend on labels
  const labelled = new Set((root.children ?? []).filter((node) => fitsLabel(node, labelHeight)));
  treemap.paddingTop((node) => (labelled.has(node) ? labelHeight : 0))(root);
  const box = ({ x0, y0, x1, y1 }) => ({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
  const leaves = root.leaves().map((leaf) => [leaf.data, box(leaf)]);
  return {
    groups: new Map([...labelled].map((node) => [node.data.group.name, box(node)])),
    tiles: new Map(leaves.filter(([row]) => row.symbol).map(([row, place]) => [row.symbol, place])),
    rests: new Map(leaves.filter(([row]) => !row.symbol).map(([row, place]) => [row.restOf, place])),
  };
}

/** Return the rows of a group, the small ones as one {restOf, weight} at the end. */
function withRest({ name, rows }, small) {
  if (!small.size) return rows;
  const isSmall = ({ symbol }) => small.has(symbol);
  const weight = rows.filter(isSmall).reduce((sum, row) => sum + row.weight, 0);
  return [...rows.filter((row) => !isSmall(row)), { restOf: name, weight }];
}

function fitsLabel({ x0, y0, x1, y1, data }, labelHeight) {
  return x1 - x0 >= data.group.name.length * LABEL_LETTER && y1 - y0 >= 2 * labelHeight;
}

/**
 * Return {size, lines} of a tile's text: the largest of the sizes xl, l, m and s at which its longest
 * line fits, and how many of the two lines there is room for, 0 when it is too small for the first.
 */
export function textFit({ width, height }, letters, secondLetters) {
  for (const [size, px, padding] of SIZES) {
    const isHigh = height - padding >= 2.3 * px;
    const second = secondLetters * Math.max(DIGIT * px, MIN_DIGIT_PX * 0.64);
    if (isHigh && width - padding >= Math.max(letters * LETTER * px, second)) return { size, lines: 2 };
  }
  const [size, px] = SIZES.at(-1);
  const fits = width - GAP * 2 >= letters * px * LETTER && height - GAP * 2 >= px;
  return { size, lines: fits ? 1 : 0 };
}

/** Return the strength of a change's colour in percent: 0 for none, 100 from FULL_PCT on. */
export function strength(changePct) {
  const change = Math.abs(Number.parseFloat(changePct));
  return Number.isNaN(change) ? 0 : Math.round(Math.min(1, change / FULL_PCT) * 100);
}

/**
 * Return the nearest box beyond an edge (ArrowLeft, …) of `from`, null when there is none. Boxes that it
 * faces come before those at an angle; of several, the one nearest to its middle.
 */
export function neighbour(from, boxes, key) {
  const isHorizontal = key === "ArrowLeft" || key === "ArrowRight";
  const isForward = key === "ArrowRight" || key === "ArrowDown";
  const [start, size] = isHorizontal ? ["x", "width"] : ["y", "height"];
  const [side, breadth] = isHorizontal ? ["y", "height"] : ["x", "width"];
  const distanceOf = (box) => {
    const [first, second] = isForward ? [from, box] : [box, from];
    const ahead = second[start] - first[start] - first[size];
    if (box === from || ahead < -GAP) return Infinity;
    const aside = Math.abs(box[side] + box[breadth] / 2 - from[side] - from[breadth] / 2);
    return ahead + 2 * gapBetween(from, box, side, breadth) + aside / 100;
  };
  const distances = boxes.map(distanceOf);
  const best = Math.min(...distances);
  return best === Infinity ? null : boxes[distances.indexOf(best)];
}

/** Return how far two boxes are from overlapping along a side. */
function gapBetween(a, b, side, breadth) {
  return Math.max(0, Math.max(a[side], b[side]) - Math.min(a[side] + a[breadth], b[side] + b[breadth]));
}
