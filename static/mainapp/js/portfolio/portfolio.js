// The live portfolio: quotes, totals, divisions, the next contribution.
import * as dom from "../core/dom.js";
import { ngettext } from "../core/i18n.js";
import { attachNotices } from "../core/notices.js";
import { CENTS, direction, fromUnits } from "../core/number.js";
import { attachColumns } from "../market/columns.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";
import { attachContribution } from "./contribution.js";
import { Division } from "./divisions.js";
import { HoldingsTable, WRITERS } from "./table.js";

const root = document.querySelector("[data-carteira]");
const part = (name) => dom.part(root, name);

const holdings = dom.readJson("holdings");
const labels = dom.readJson("labels");
const socket = new StockSocket({ room: "carteira", symbols: holdings.map(({ symbol }) => symbol) });
const table = new HoldingsTable({ table: part("table"), holdings, now: () => socket.now() });
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
  const figure = element.dataset.as === "count" ? String(value) : fromUnits(value, CENTS);
  dom.setText(element, WRITERS[element.dataset.as ?? "number"](figure));
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

const rendered = dom.readJson("quotes");
for (const [symbol, quote] of Object.entries(rendered)) table.update(symbol, quote);
table.flush();

socket.addEventListener("quotes", ({ detail }) => {
  for (const [symbol, before] of detail.changes) {
    table.update(symbol, socket.quotes.get(symbol), detail.snapshot ? null : (before.price ?? null));
  }
});
const notify = attachNotices(part("notices"));
socket.addEventListener("problem", ({ detail }) => {
  if (detail.code === "too_many_symbols") notify(detail.detail);
});
attachStatus(document.querySelector("[data-market-status]"), socket);

// Actions ----------------------------------------------------------------------------------------

table.body.addEventListener("click", (event) => {
  const button = event.target.closest('[data-action="more"]');
  if (!button) return;
  const isOpen = button.closest("tr").classList.toggle("open");
  button.setAttribute("aria-expanded", String(isOpen));
});
attachColumns({
  table,
  headers: part("table").tHead,
  choices: part("columns"),
  select: part("order"),
  directionButton: part("direction"),
  page: "carteira",
});
attachContribution(part("aporte-form"), part("aporte-answer"));

const hide = root.querySelector('[data-action="hide-values"]');
hide.setAttribute("aria-pressed", String(window.pregaoPrivacy.isHidden()));
hide.addEventListener("click", () => {
  hide.setAttribute("aria-pressed", String(window.pregaoPrivacy.toggle()));
});

root.dataset.ready = "";
socket.start();
setInterval(() => table.showAges(), 1000);
