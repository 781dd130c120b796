// The live tracker: a list of stocks, their table, adding, moving and removing.
import * as dom from "../core/dom.js";
import { gettext, ngettext } from "../core/i18n.js";
import { attachNotices } from "../core/notices.js";
import { registerShortcut } from "../core/shortcuts.js";
import { readText } from "../core/storage.js";
import { attachTableView } from "../core/table-view.js";
import { offerUndo } from "../core/toasts.js";
import { attachChat } from "./chat.js";
import { sessionOf } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";
import { QuoteTable } from "./table.js";
import { openList } from "./tracker/list.js";
import { attachRowMenu } from "./tracker/menu.js";
import { attachReordering } from "./tracker/reorder.js";
import { loadSparklines } from "./tracker/sparklines.js";
import * as watchlist from "./watchlist.js";

const root = document.querySelector("[data-tracker]");
const part = (name) => dom.part(root, name);
const notify = attachNotices(part("notices"));
const isLoggedIn = "member" in document.body.dataset;

const table = new QuoteTable({
  table: part("table"),
  template: part("row"),
  now: () => socket.now(),
  isOpen: (quote) => sessionOf(quote, socket.session) === "open",
});
table.arrange(dom.readJson("symbols"));
const isOwn = isOwnList();
const isShared = "shared" in root.dataset; // a club's list, which its managers change
const list = openList({ url: root.dataset.listUrl, isOwn, isShared, symbols: isLoggedIn ? [] : table.symbols });

// Codes that no longer trade keep their rows, and are not followed.
const traded = table.symbols.filter((symbol) => !("former" in table.element(symbol).dataset));
const socket = new StockSocket({ room: "track", symbols: traded });
traded.forEach((symbol) => table.markPending(symbol));

/** Return whether edits belong to this person's list, or only to the page that a link opened. */
function isOwnList() {
  if (isLoggedIn) return "own" in root.dataset;
  const stored = watchlist.get();
  if (!stored.length || !("requested" in root.dataset)) return true;
  return readText("pregao.opened", "sessionStorage") === location.search || stored.join() === table.symbols.join();
}

// The list ---------------------------------------------------------------------------------------

/** Put the rows' symbols into the address and into the form, unless the list has an address of its own. */
function showList() {
  root.dataset.state = table.symbols.length ? "rows" : "empty";
  showSum();
  for (const button of root.querySelectorAll(".quotes-suggested > button")) button.hidden = table.has(button.value);
  if (root.dataset.listUrl && (isOwn || isShared)) return;
  const url = new URL(root.dataset.trackerUrl, window.location.href);
  for (const symbol of table.symbols) url.searchParams.append("stockpicker", symbol);
  history.replaceState(history.state, "", url);
  part("export").search = url.search;
  url.searchParams.set("view", "map");
  part("map").href = url;
  const form = part("add");
  form.querySelectorAll("input[type=hidden][name=stockpicker]").forEach((input) => input.remove());
  for (const symbol of table.symbols) {
    form.prepend(dom.build("input", { type: "hidden", name: "stockpicker", value: symbol }));
  }
}

/** Save a change; the list that the server returns may differ, when another device changed it too. */
async function save(change) {
  showList();
  try {
    const symbols = await list.save({ order: table.symbols, ...change });
    if (symbols) showSymbols(symbols);
  } catch (error) {
    notify(error.message);
  }
}

function addRows(symbols) {
  const added = symbols.filter((symbol) => !table.has(symbol));
  for (const symbol of added) {
    table.add(symbol);
    table.markPending(symbol);
  }
  if (!added.length) return;
  socket.subscribe(added);
  loadSparklines(root.dataset.candlesUrl, table);
}

function removeRows(symbols) {
  symbols.forEach((symbol) => table.remove(symbol));
  socket.unsubscribe(symbols);
  menu.refresh();
}

/** Make the rows those of the list, when another tab or device changed it. */
function showSymbols(symbols) {
  if (symbols.join() === table.symbols.join()) return;
  removeRows(table.symbols.filter((symbol) => !symbols.includes(symbol)));
  addRows(symbols);
  table.arrange(symbols);
  showList();
}

function add(symbol) {
  if (table.has(symbol)) {
    announce(gettext("%(symbol)s já está na lista.", { symbol }));
    return;
  }
  addRows([symbol]);
  save({ add: [symbol] });
  announce(gettext("%(symbol)s entrou na lista.", { symbol }));
}

let undoLast = () => false;

function remove(symbol) {
  const row = table.element(symbol);
  if (!row) return; // another tab removed it meanwhile
  const order = table.symbols;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const hadFocus = row.contains(document.activeElement) || document.activeElement === document.body;
  removeRows([symbol]);
  save({ remove: [symbol] });
  if (hadFocus) (next?.querySelector(".ticker") ?? part("add").querySelector("[role=combobox]")).focus();
  undoLast = offerUndo(gettext("%(symbol)s saiu da lista.", { symbol }), () => {
    addRows([symbol]);
    table.arrange(order);
    save({ add: [symbol] });
    focusRow(table.element(symbol));
    announce(gettext("%(symbol)s voltou para a lista.", { symbol }));
  });
}

function move(symbol, place) {
  if (!table.has(symbol)) return; // another tab removed it while it was dragged
  const hadFocus = table.element(symbol).contains(document.activeElement);
  const order = [...table.body.rows].map((row) => row.dataset.symbol).filter((other) => other !== symbol);
  order.splice(place, 0, symbol);
  view.clearSort();
  table.arrange(order);
  if (hadFocus) focusRow(table.element(symbol));
  save({});
  announce(gettext("%(symbol)s: posição %(place)s de %(count)s.", { symbol, place: place + 1, count: order.length }));
}

let sumFrame = null;

/** Show how many stocks there are, and how many rose and fell today. */
function showSum() {
  sumFrame = null;
  part("sum").hidden = !table.symbols.length;
  dom.setText(part("count"), ngettext("%s ativo", "%s ativos", table.symbols.length));
  const counts = table.countDirections();
  if (counts) for (const name of ["up", "down"]) dom.setText(part(name), String(counts[name]));
}

function announce(text) {
  part("announce").textContent = text;
}

function loginLink() {
  const here = encodeURIComponent(window.location.pathname + window.location.search);
  return { href: `${root.dataset.loginUrl}?next=${here}`, text: gettext("Entre para acompanhar até 200.") };
}

// Rows -------------------------------------------------------------------------------------------

function focusRow(row) {
  const link = row?.querySelector(".ticker");
  link?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

/** Return the row with the focus or under the pointer. */
function currentRow() {
  return document.activeElement.closest("[data-tracker] tbody tr") ?? table.body.querySelector("tr:hover");
}

function step(by) {
  const rows = [...table.body.rows];
  const index = rows.indexOf(currentRow());
  if (index < 0) focusRow(rows[0]);
  else focusRow(rows[Math.min(Math.max(index + by, 0), rows.length - 1)]);
}

function open(name) {
  const link = currentRow()?.querySelector(`[data-link="${name}"]`);
  if (link) window.location.assign(link.href);
}

const RUNS = {
  remove,
  up: (symbol) => moveBy(symbol, -1),
  down: (symbol) => moveBy(symbol, 1),
  top: (symbol) => move(symbol, 0),
};

function moveBy(symbol, by) {
  const place = [...table.body.rows].indexOf(table.element(symbol)) + by;
  if (place >= 0 && place < table.symbols.length) move(symbol, place);
}

function registerShortcuts() {
  const scope = gettext("Lista de ativos");
  const shortcuts = [
    ["j", gettext("Próximo ativo"), () => step(1), true],
    ["k", gettext("Ativo anterior"), () => step(-1), true],
    ["g", gettext("Abrir o gráfico"), () => open("paper")],
    ["a", gettext("Criar alerta"), () => open("alert")],
    ["x", gettext("Remover da lista"), () => currentRow() && remove(currentRow().dataset.symbol)],
    ["z", gettext("Desfazer a remoção"), () => undoLast()],
  ];
  for (const [keys, label, run, repeats = false] of shortcuts) {
    registerShortcut({ keys, label, run, scope, repeats });
  }
}

// Wiring -----------------------------------------------------------------------------------------

const addForm = part("add"); // pages/base.js attached the suggestions
addForm.addEventListener("stockchosen", (event) => {
  event.preventDefault();
  addForm.querySelector("[role=combobox]").value = "";
  add(event.detail.symbol);
});
addForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const input = addForm.querySelector("[role=combobox]");
  const symbol = (event.submitter?.value || input.value).trim().toUpperCase(); // a suggestion is a button
  if (!symbol) return;
  input.value = "";
  add(symbol);
});

socket.addEventListener("quotes", ({ detail }) => {
  for (const [symbol, before] of detail.changes) {
    table.update(symbol, socket.quotes.get(symbol), detail.snapshot ? null : before);
  }
  menu.refresh();
  sumFrame ??= requestAnimationFrame(showSum);
});
socket.addEventListener("late", () => table.setLate(socket.late));
socket.addEventListener("pending", ({ detail }) => {
  detail.symbols.forEach((symbol) => table.markPending(symbol));
});
socket.addEventListener("unknown", ({ detail }) => {
  detail.symbols.forEach((symbol) => table.remove(symbol));
  save({ remove: detail.symbols });
  notify(gettext("Não conhecemos: %(symbols)s.", { symbols: detail.symbols.join(", ") }));
});
socket.addEventListener("problem", ({ detail }) => {
  if (detail.code !== "too_many_symbols") return;
  const extra = detail.refused.length ? detail.refused : table.symbols.slice(detail.limit ?? socket.limit);
  extra.forEach((symbol) => table.remove(symbol));
  extra.forEach((symbol) => socket.symbols.delete(symbol));
  save({});
  notify(detail.detail, isLoggedIn ? null : loginLink());
});

const view = attachTableView({ root, form: part("view"), table });
const menu = attachRowMenu({
  menu: document.getElementById("row-menu"),
  body: table.body,
  run: (action, symbol) => RUNS[action](symbol),
  describe: (symbol) => ({ row: table.element(symbol), canMove: table.symbols.length > 1 }),
});
attachReordering(table.body, move);
attachStatus(document.querySelector("[data-market-status]"), socket);
attachChat(document.getElementById("chat"), socket, part("unread"));
registerShortcuts();
if (table.symbols.length) showList();
root.dataset.ready = "";
socket.start();
list.follow(showSymbols, socket);
loadSparklines(root.dataset.candlesUrl, table);
setInterval(() => table.showAges(), 1000);
watchlist.merged.then((answer) => {
  if (answer && isOwn && !("requested" in root.dataset)) showSymbols(answer.symbols);
});
