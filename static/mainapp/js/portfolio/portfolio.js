// The live portfolio: quotes, totals, divisions, the next contribution.
import * as dom from "../core/dom.js";
import { ngettext } from "../core/i18n.js";
import { attachNotices } from "../core/notices.js";
import { CENTS, direction, fromUnits } from "../core/number.js";
import "../core/popover.js";
import { attachTableView } from "../core/table-view.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";
import { AllocationMap } from "./allocation-map.js";
import { attachContribution } from "./contribution.js";
import { DayChart } from "./day-chart.js";
import { Division } from "./divisions.js";
import { RowSheet } from "./row-sheet.js";
import { HoldingsTable, WRITERS } from "./table.js";
import { showWealth } from "./wealth.js";

const root = document.querySelector("[data-carteira]");
const part = (name) => dom.part(root, name);

const holdings = dom.readJson("holdings");
const labels = dom.readJson("labels");
const socket = new StockSocket({ room: "carteira", symbols: holdings.map(({ symbol }) => symbol) });
const table = new HoldingsTable({ table: part("holdings"), holdings, now: () => socket.now() });
const sums = [...root.querySelectorAll("[data-sum]")];
const divisions = [...root.querySelectorAll("[data-division]")].map(
  (element) => new Division(element, labels[element.dataset.division]),
);

// Totals -----------------------------------------------------------------------------------------

table.addEventListener("totals", ({ detail: totals }) => {
  for (const element of sums) showSum(element, totals[element.dataset.sum]);
  showNote("unquoted", totals.unquoted, unquotedText);
  showNote("undated", totals.undated, undatedText);
  for (const division of divisions) division.show(table.portfolio);
});

function showSum(element, value) {
  const kind = element.dataset.as ?? "number";
  const figure = kind === "count" ? String(value) : fromUnits(value, CENTS);
  if (kind === "big") showWealth(element, WRITERS.brl(figure));
  else dom.setText(element, WRITERS[kind](figure));
  if (element.matches(".up, .down, .flat")) dom.setDirection(element, direction(figure));
}

function showNote(name, count, textOf) {
  const element = part(name);
  element.hidden = count === 0;
  if (count) dom.setText(element, textOf(count));
}

function unquotedText(count) {
  return ngettext(
    "%s ativo sem cotação ficou fora dos totais.",
    "%s ativos sem cotação ficaram fora dos totais.",
    count,
  );
}

function undatedText(count) {
  return ngettext(
    "%s ativo sem fechamento anterior ficou fora da variação do dia.",
    "%s ativos sem fechamento anterior ficaram fora da variação do dia.",
    count,
  );
}

// Quotes -----------------------------------------------------------------------------------------

await dom.nextTask(); // one task for all of this would block a slow phone
const rendered = dom.readJson("quotes");
for (const [symbol, quote] of Object.entries(rendered)) table.update(symbol, quote);
table.flush();

socket.addEventListener("quotes", ({ detail }) => {
  for (const [symbol, before] of detail.changes) {
    table.update(symbol, socket.quotes.get(symbol), detail.snapshot ? null : (before.price ?? null));
  }
});

// The day: its chart, and what moved it most. The rows stay, their figures are live.
const chart = new DayChart(part("summary"), dom.readJson("day-points"));
table.addEventListener("totals", ({ detail: totals }) => chart.show(totals, socket.now()));

const movers = [...root.querySelectorAll("[data-mover]")].map((element) => ({
  symbol: element.dataset.symbol,
  change: element.querySelector('[data-field="day_change"]'),
  pct: element.querySelector('[data-field="day_change_pct"]'),
}));

table.addEventListener("totals", () => {
  for (const mover of movers) {
    const { day_change: change, day_change_pct: percent } = table.portfolio.rows.get(mover.symbol);
    const figure = fromUnits(change, CENTS);
    dom.setText(mover.change, WRITERS.brl_change(figure));
    dom.setDirection(mover.change, direction(figure));
    dom.setText(mover.pct, WRITERS.pct(fromUnits(percent, CENTS)));
  }
});

// The map -----------------------------------------------------------------------------------------

await dom.nextTask();
const map = new AllocationMap(root.querySelector("[data-treemap]"));
table.addEventListener("totals", () => map.show(table.portfolio));

const notify = attachNotices(part("notices"));
socket.addEventListener("problem", ({ detail }) => {
  if (detail.code === "too_many_symbols") notify(detail.detail);
});
attachStatus(document.querySelector("[data-market-status]"), socket);

// Actions ----------------------------------------------------------------------------------------

const sheet = new RowSheet(part("sheet"));
table.body.addEventListener("click", (event) => {
  const button = event.target.closest('[data-action="more"]');
  if (button) sheet.show(button.closest("tr"));
});
table.addEventListener("totals", () => sheet.update());
attachTableView({ root, form: part("view"), table });
attachContribution(part("aporte-form"), part("aporte-answer"));

const hide = root.querySelector('[data-action="hide-values"]');
hide.setAttribute("aria-pressed", String(window.pregaoPrivacy.isHidden()));
hide.addEventListener("click", () => {
  hide.setAttribute("aria-pressed", String(window.pregaoPrivacy.toggle()));
});

root.dataset.ready = "";
socket.start();
setInterval(() => table.showAges(), 1000);
