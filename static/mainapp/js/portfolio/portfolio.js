// The live carteira: its quotes, its totals, its donuts.
import "../pages/base.js";
import { attachContribution } from "./contribution.js";
import { Division } from "./divisions.js";
import { colour, HoldingsTable, write, WRITERS } from "./table.js";
import { attachColumns } from "../market/columns.js";
import { CENTS, text } from "./money.js";
import { attachNotices } from "../core/notices.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";

const root = document.querySelector("[data-carteira]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const data = (name) => JSON.parse(document.getElementById(name).textContent);

const holdings = data("holdings");
const labels = data("labels");
const socket = new StockSocket({ room: "carteira", symbols: holdings.map(({ symbol }) => symbol) });
const table = new HoldingsTable({ table: part("table"), holdings, now: () => socket.now() });
const sums = [...root.querySelectorAll("[data-sum]")];
const divisions = [...root.querySelectorAll("[data-division]")].map(
  (element) => new Division(element, labels[element.dataset.division]),
);

// Totals -----------------------------------------------------------------------------------------

table.addEventListener("totals", ({ detail: totals }) => {
  for (const element of sums) showSum(element, totals[element.dataset.sum]);
  note("unquoted", totals.unquoted, unquotedText);
  note("undated", totals.undated, undatedText);
  for (const division of divisions) division.show(table.portfolio);
});

function showSum(element, value) {
  const figure = element.dataset.as === "count" ? String(value) : text(value, CENTS);
  write(element, WRITERS[element.dataset.as ?? "number"](figure));
  if (element.matches(".up, .down, .flat")) colour(element, figure);
}

function note(name, count, words) {
  const element = part(name);
  element.hidden = count === 0;
  if (count) write(element, interpolate(words(count), [count]));
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

const rendered = data("quotes");
for (const [symbol, quote] of Object.entries(rendered)) table.update(symbol, quote);
table.flush();

socket.addEventListener("quotes", ({ detail }) => {
  for (const [symbol, was] of detail.changes) {
    table.update(symbol, socket.quotes.get(symbol), detail.snapshot ? null : (was.price ?? null));
  }
});
const notify = attachNotices(part("notices"));
socket.addEventListener("problem", ({ detail }) => {
  if (detail.code === "too_many_symbols") notify(detail.detail);
});
attachStatus(root.querySelector("[data-market-status]"), socket, (isStale) => table.setStale(isStale));

// What a person does -----------------------------------------------------------------------------

table.body.addEventListener("click", (event) => {
  const button = event.target.closest('[data-action="more"]');
  if (!button) return;
  const isOpen = button.closest("tr").classList.toggle("open");
  button.setAttribute("aria-expanded", String(isOpen));
});
attachColumns({
  table,
  heads: part("table").tHead,
  choices: part("columns"),
  select: part("order"),
  flip: part("direction"),
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
