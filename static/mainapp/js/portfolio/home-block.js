// The carteira's block of the home page, live: its value, its day, and the day's chart.
import { readJson, setDirection, setText } from "../core/dom.js";
import { brl, CENTS, direction, fromUnits, pct } from "../core/number.js";
import { DayChart } from "./day-chart.js";
import { Portfolio } from "./valuation.js";
import { showWealth } from "./wealth.js";

const root = document.querySelector("[data-carteira-day]");
const portfolio = new Portfolio(readJson("home-holdings"));
const chart = new DayChart(root, readJson("home-carteira-points"));

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
  chart.show(totals, now);
}
