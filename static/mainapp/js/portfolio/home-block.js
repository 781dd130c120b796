// The carteira's block of the home page, live: its value, its day, and the day's chart.
import { readJson, setDirection, setFigure, setText } from "../core/dom.js";
import { brl, CENTS, direction, fromUnits, pct } from "../core/number.js";
import { drawArea } from "../market/area-chart.js";
import { extendPoints } from "../market/quotes.js";
import { Portfolio } from "./valuation.js";

const root = document.querySelector("[data-carteira-day]");
const portfolio = new Portfolio(readJson("home-holdings"));
const points = readJson("home-carteira-points").map(([at, value]) => [at, Number.parseFloat(value)]);

document.addEventListener("homequotes", ({ detail: { quotes, now } }) => {
  let isComplete = true;
  for (const symbol of portfolio.rows.keys()) {
    if (quotes.has(symbol)) portfolio.set(symbol, quotes.get(symbol));
    else isComplete = false;
  }
  if (isComplete) show(portfolio.totals(), now);
});

function show(totals, now) {
  const [total, change] = ["total", "day_change"].map((name) => fromUnits(totals[name], CENTS));
  showWealth(root.querySelector('[data-sum="total"]'), brl(total));
  const day = root.querySelector('[data-sum="day_change"]');
  setText(day, brl(change, { signed: true }));
  setDirection(day, direction(change));
  setText(root.querySelector('[data-sum="day_change_pct"]'), pct(fromUnits(totals.day_change_pct, CENTS)));
  if (totals.day_change === null || !points.length || totals.undated) return;
  extendPoints(points, Math.floor(now / 1000), Number.parseFloat(total));
  drawArea(root, points, Number.parseFloat(fromUnits(totals.total - totals.day_change, CENTS)), 0);
}

/** Write "R$ 1.234,50" with its unit and its cents in `small`, as big_brl of the server does. */
function showWealth(element, text) {
  const [unit, ...digits] = text.split("\u00a0");
  if (element.textContent === text) return;
  setFigure(element, digits.join(""));
  const small = document.createElement("small");
  small.textContent = `${unit}\u00a0`;
  element.prepend(small);
}
