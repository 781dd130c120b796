// The carteira's block of the home page, live: its value, its day, and the day's chart.
import { readJson, setDirection, setText } from "../core/dom.js";
import { brl, CENTS, direction, fromUnits, pct } from "../core/number.js";
import { DayChart } from "./day-chart.js";
import { Portfolio } from "./valuation.js";
import { showWealth } from "./wealth.js";

const root = document.querySelector("[data-carteira-day]");
const portfolio = new Portfolio(readJson("home-holdings"));
const chart = new DayChart(root, readJson("home-carteira-points"));

// A paper that left has no live quote: its last one counts, as in the server's totals.
for (const [symbol, quote] of Object.entries(readJson("home-carteira-quotes"))) portfolio.set(symbol, quote);

document.addEventListener("homequotes", ({ detail: { quotes, now } }) => {
  for (const symbol of portfolio.rows.keys()) if (quotes.has(symbol)) portfolio.set(symbol, quotes.get(symbol));
  show(portfolio.totals(), now);
});

function show(totals, now) {
  showWealth(root.querySelector('[data-sum="total"]'), brl(fromUnits(totals.total, CENTS)));
  showChange("day_change", totals);
  showChange("result", totals);
  chart.show(totals, now);
}

function showChange(name, totals) {
  const [amount, share] = [name, `${name}_pct`].map((key) => fromUnits(totals[key], CENTS));
  const element = root.querySelector(`[data-sum="${name}"]`);
  setText(element, brl(amount, { signed: true }));
  setDirection(element, direction(amount));
  setText(root.querySelector(`[data-sum="${name}_pct"]`), pct(share));
}
