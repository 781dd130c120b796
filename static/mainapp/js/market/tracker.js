// The live tracker: a list of stocks, their table, adding and removing.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { attachNotices } from "../core/notices.js";
import { attachChat } from "./chat.js";
import { attachColumns } from "./columns.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";
import { pendingText, QuoteTable } from "./table.js";
import * as watchlist from "./watchlist.js";

const SPARK_RETRIES_MS = [1200, 2500, 5000, 10000];

const root = document.querySelector("[data-tracker]");
const part = (name) => dom.part(root, name);
const notify = attachNotices(part("notices"));
const isLoggedIn = Boolean(root.dataset.listUrl);

const rendered = dom.readJson("quotes");
const table = new QuoteTable({
  table: part("table"),
  template: part("row"),
  now: () => socket.now(),
});
const browserList = watchlist.get();
if (!isLoggedIn && !("requested" in root.dataset)) browserList.forEach((symbol) => table.add(symbol));
const isOwn = isOwnList();

// Codes that no longer trade keep their rows, and are not followed.
const traded = table.symbols.filter((symbol) => !("former" in rowOf(symbol).dataset));
const socket = new StockSocket({ room: "track", symbols: traded });
for (const symbol of traded) {
  if (rendered[symbol]) table.update(symbol, rendered[symbol]);
  else markPending(symbol);
}

/** Return whether edits belong to this person's list, or only to a list that a link named. */
function isOwnList() {
  if (isLoggedIn) return "own" in root.dataset;
  return !browserList.length || browserList.join() === table.symbols.join();
}

function rowOf(symbol) {
  return table.body.querySelector(`[data-symbol="${CSS.escape(symbol)}"]`);
}

function markPending(symbol) {
  const row = rowOf(symbol);
  if (!row) return;
  row.dataset.pending = "";
  row.querySelector('[data-field="age"]').textContent = pendingText();
}

function showState() {
  root.dataset.state = table.symbols.length ? "rows" : "empty";
}

// The list ---------------------------------------------------------------------------------------

/** Put the rows' symbols into the address, the form and the browser's list. */
function saveList() {
  const url = new URL(root.dataset.trackerUrl, window.location.href);
  for (const symbol of socket.symbols) url.searchParams.append("stockpicker", symbol);
  history.replaceState(null, "", url);
  const form = part("add");
  form.querySelectorAll("input[type=hidden]").forEach((input) => input.remove());
  for (const symbol of socket.symbols) {
    form.prepend(dom.build("input", { type: "hidden", name: "stockpicker", value: symbol }));
  }
  if (!isLoggedIn && isOwn) watchlist.set([...socket.symbols]);
  showState();
}

async function saveOnServer(change) {
  if (!isLoggedIn || !isOwn) return;
  try {
    await watchlist.editCurrent(root.dataset.listUrl, change);
  } catch (error) {
    notify(error.message);
  }
}

function addRows(symbols) {
  for (const symbol of symbols) {
    table.add(symbol);
    markPending(symbol);
  }
  socket.subscribe(symbols);
  saveList();
}

function add(symbol) {
  if (table.has(symbol)) {
    announce(gettext("%(symbol)s já está na lista.", { symbol }));
    return;
  }
  addRows([symbol]);
  saveOnServer({ add: [symbol] });
  announce(gettext("%(symbol)s entrou na lista.", { symbol }));
  scheduleSparklines(0);
}

function remove(symbol) {
  const row = rowOf(symbol);
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  table.remove(symbol);
  socket.unsubscribe([symbol]);
  saveList();
  saveOnServer({ remove: [symbol] });
  announce(gettext("%(symbol)s saiu da lista.", { symbol }));
  (next?.querySelector('[data-action="remove"]') ?? part("add").querySelector("[role=combobox]")).focus();
}

function dropRows(symbols) {
  symbols.forEach((symbol) => table.remove(symbol));
  saveList();
}

// Texts ------------------------------------------------------------------------------------------

function announce(text) {
  part("announce").textContent = text;
}

function loginLink() {
  const here = encodeURIComponent(window.location.pathname + window.location.search);
  return { href: `${root.dataset.loginUrl}?next=${here}`, text: gettext("Entre para acompanhar até 200.") };
}

// Sparklines -------------------------------------------------------------------------------------

let sparkTimer = null;

function scheduleSparklines(attempt) {
  clearTimeout(sparkTimer);
  sparkTimer = setTimeout(() => loadSparklines(attempt), attempt ? SPARK_RETRIES_MS[attempt - 1] : 150);
}

/** Fetch the day's closes of all rows in one request; again while the server is loading them. */
async function loadSparklines(attempt) {
  if (!table.symbols.length) return;
  const url = new URL(root.dataset.candlesUrl, window.location.href);
  url.searchParams.set("sparklines", "1");
  for (const symbol of table.symbols) url.searchParams.append("ticker", symbol);
  try {
    const response = await fetch(url);
    if (!response.ok) return;
    const { closes, status } = await response.json();
    for (const [symbol, points] of Object.entries(closes)) table.setPoints(symbol, points);
    if (status === "loading" && attempt < SPARK_RETRIES_MS.length) scheduleSparklines(attempt + 1);
  } catch {
    // the sparklines grow from live prices alone
  }
}

// Wiring -----------------------------------------------------------------------------------------

table.body.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const row = button?.closest("tr");
  if (button?.dataset.action === "remove") remove(row.dataset.symbol);
  if (button?.dataset.action === "more") {
    const isOpen = row.classList.toggle("open");
    button.setAttribute("aria-expanded", String(isOpen));
  }
});

const addForm = part("add"); // pages/base.js attached the suggestions
addForm.addEventListener("stockchosen", (event) => {
  event.preventDefault();
  addForm.querySelector("[role=combobox]").value = "";
  add(event.detail.symbol);
});
addForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const input = addForm.querySelector("[role=combobox]");
  const symbol = input.value.trim().toUpperCase();
  if (!symbol) return;
  input.value = "";
  add(symbol);
});

socket.addEventListener("quotes", ({ detail }) => {
  for (const [symbol, before] of detail.changes) {
    table.update(symbol, socket.quotes.get(symbol), detail.snapshot ? null : before);
  }
});
socket.addEventListener("late", () => table.setLate(socket.late));
socket.addEventListener("pending", ({ detail }) => {
  detail.symbols.filter((symbol) => !rendered[symbol]).forEach(markPending);
});
socket.addEventListener("unknown", ({ detail }) => {
  dropRows(detail.symbols);
  notify(gettext("Não conhecemos: %(symbols)s.", { symbols: detail.symbols.join(", ") }));
});
socket.addEventListener("problem", ({ detail }) => {
  if (detail.code !== "too_many_symbols") return;
  const extra = detail.refused.length ? detail.refused : table.symbols.slice(detail.limit ?? socket.limit);
  extra.forEach((symbol) => socket.symbols.delete(symbol));
  dropRows(extra);
  notify(detail.detail, isLoggedIn ? null : loginLink());
});

attachStatus(document.querySelector("[data-market-status]"), socket);
attachChat(document.getElementById("chat"), socket, part("unread"));
attachColumns({
  table,
  headers: part("table").tHead,
  choices: part("columns"),
  select: part("order"),
  directionButton: part("direction"),
});
showState();
root.dataset.ready = "";
if (table.symbols.length) saveList();
socket.start();
scheduleSparklines(0);
setInterval(() => table.showAges(), 1000);
watchlist.merged.then((answer) => {
  if (!answer || !isOwn || "requested" in root.dataset) return;
  addRows(answer.symbols.filter((symbol) => !table.has(symbol)));
  scheduleSparklines(0);
});
