// The stock picker: filters the stocks and remembers the chosen ones; without scripts it is two forms.
import { build, buildButton, readJson } from "../core/dom.js";
import { fetchElement } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";
import { direction } from "../core/number.js";
import { fetchCloses } from "./candles.js";
import { drawSparkline } from "./sparkline.js";
import * as watchlist from "./watchlist.js";

const DEBOUNCE_MS = 180;

const root = document.querySelector("[data-picker]");
const filterForm = root.querySelector("[data-filter]");
const pickForm = root.querySelector("[data-picks]");
const chips = root.querySelector("[data-chips]");
const count = root.querySelector("[data-count]");
const notice = root.querySelector("[data-notice]");
const limitNotice = root.querySelector("[data-limit-notice]");
const follow = root.querySelector("[data-follow]");
const clear = root.querySelector("[data-clear]");
const limit = Number(root.dataset.limit);
const editUrl = root.dataset.editUrl ?? null; // of the account's list; null: the list is the browser's

const list = () => root.querySelector("[data-list]");
const facets = () => root.querySelector("[data-facets]");
const rows = () => [...root.querySelectorAll(".pick")];
const box = (row) => row.querySelector("input");

let chosen = editUrl
  ? readJson("chosen-symbols")
  : watchlist.get().slice(0, limit);
let saving = Promise.resolve();
let unsaved = 0;

// The chosen stocks -------------------------------------------------------------------------------

function buildChip(symbol) {
  const label = gettext("Remover %s", [symbol]);
  return build("li", {}, buildButton(symbol, null, { value: symbol, "aria-label": label }));
}

function render() {
  const isChosen = new Set(chosen);
  for (const row of rows()) box(row).checked = isChosen.has(box(row).value);
  const shown = [...chips.children].map((item) => item.firstChild.value);
  if (shown.join() !== chosen.join()) {
    const focused = chips.contains(document.activeElement) ? shown.indexOf(document.activeElement.value) : -1;
    chips.replaceChildren(...chosen.map(buildChip));
    if (focused >= 0) (chips.children[Math.min(focused, chosen.length - 1)]?.firstChild ?? follow).focus();
    if (chosen.length > shown.length) chips.scrollLeft = chips.scrollWidth;
  }
  chips.hidden = !chosen.length;
  clear.hidden = !chosen.length;
  count.hidden = false;
  count.textContent = gettext("%s de %s", [chosen.length, limit]);
  count.classList.toggle("is-full", chosen.length >= limit);
  follow.disabled = !chosen.length;
  if (chosen.length < limit) limitNotice.hidden = true;
}

function showNotice(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

/** Choose `symbols` up to the limit; show a notice when some do not fit. */
function choose(symbols) {
  const wanted = symbols.filter((symbol) => !chosen.includes(symbol));
  const add = wanted.slice(0, Math.max(limit - chosen.length, 0));
  limitNotice.hidden = add.length === wanted.length;
  change({ add, remove: [] });
}

function drop(symbols) {
  change({ add: [], remove: symbols });
}

function change({ add, remove }) {
  if (!add.length && !remove.length) return render();
  const symbols = [...chosen.filter((symbol) => !remove.includes(symbol)), ...add];
  showNotice("");
  chosen = editUrl ? symbols : watchlist.set(symbols);
  render();
  if (editUrl) saving = saving.then(() => save({ add, remove }));
}

/** Save one change to the account's list; a refused one is undone on the page. */
async function save(edit) {
  unsaved += 1;
  try {
    const symbols = await watchlist.editCurrent(editUrl, edit);
    unsaved -= 1;
    if (!unsaved) chosen = symbols;
  } catch (error) {
    unsaved -= 1;
    chosen = [...chosen.filter((symbol) => !edit.add.includes(symbol)), ...edit.remove];
    showNotice(error.message);
  }
  render();
}

pickForm.addEventListener("change", (event) => {
  if (event.target.name !== "stockpicker") return;
  if (event.target.checked) choose([event.target.value]);
  else drop([event.target.value]);
});
pickForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const query = new URLSearchParams(chosen.map((symbol) => ["stockpicker", symbol]));
  window.location.assign(root.dataset.listUrl ?? `${pickForm.action}?${query}`);
});
chips.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) drop([button.value]);
});
clear.addEventListener("click", () => {
  const before = [...chosen];
  drop(before);
  offerUndo(gettext("Nada escolhido agora."), () => choose(before));
});
root.addEventListener("click", (event) => {
  if (!event.target.closest("[data-all]")) return;
  const before = new Set(chosen);
  choose(rows().map((row) => box(row).value));
  const added = chosen.filter((symbol) => !before.has(symbol));
  if (!added.length) return;
  const text = ngettext("%s ativo marcado.", "%s ativos marcados.", added.length);
  offerUndo(text, () => drop(added));
});

/** Show a notice with a button that undoes a change of many stocks. */
function offerUndo(text, undo) {
  const button = buildButton(gettext("Desfazer"), () => {
    undo();
    showNotice("");
    follow.focus();
  });
  showNotice(text);
  notice.append(button);
  button.focus();
}

// The filter --------------------------------------------------------------------------------------

let timer = 0;
let request = null;

/** Replace the list, and the filters by kind and sector, with those of the server's response. */
function show(picker) {
  const focused = document.activeElement?.closest("[data-facets]") && document.activeElement.name;
  list().replaceWith(picker.querySelector("[data-list]"));
  facets().replaceWith(picker.querySelector("[data-facets]"));
  if (focused) filterForm.elements[focused]?.focus();
}

async function filterNow() {
  const query = new URLSearchParams([...new FormData(filterForm)].filter(([, value]) => value));
  const url = `${filterForm.action}?${query}`;
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  list().setAttribute("aria-busy", "true");
  try {
    const picker = await fetchElement(url, "[data-picker]", { signal });
    if (!picker) throw new Error(url);
    show(picker);
    window.history.replaceState(null, "", url);
    showNotice("");
    start();
  } catch (error) {
    if (error.name === "AbortError") return;
    list().removeAttribute("aria-busy");
    showNotice(gettext("A busca não respondeu. Tente de novo."));
  }
}

function filter() {
  clearTimeout(timer);
  timer = setTimeout(filterNow, DEBOUNCE_MS);
}

filterForm.addEventListener("input", filter);
filterForm.addEventListener("submit", (event) => {
  event.preventDefault();
  filter();
});

// Sparklines --------------------------------------------------------------------------------------

/** Draw the days that the server has recorded; browsing makes no source load the others. */
async function drawSparklines() {
  const shown = rows().filter((row) => row.dataset.base);
  if (!shown.length) return;
  const symbols = shown.map((row) => row.dataset.symbol);
  const body = await fetchCloses(root.dataset.candlesUrl, symbols, { isRecordedOnly: true });
  if (!body) return;
  for (const row of shown) {
    const points = (body.closes[row.dataset.symbol] ?? []).map(([at, text]) => [at, Number.parseFloat(text)]);
    if (points.length < 2) continue;
    const base = Number.parseFloat(row.dataset.base);
    const change = (points.at(-1)[1] - base).toFixed(2);
    drawSparkline(row.querySelector(".spark"), points, base, direction(change));
  }
}

// Start -------------------------------------------------------------------------------------------

function start() {
  root.querySelector("[data-all]").hidden = !rows().length;
  render();
  drawSparklines();
}

async function loadList() {
  const response = await fetch(editUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok || unsaved) return;
  chosen = (await response.json()).symbols;
  render();
}

for (const element of root.querySelectorAll("[data-without-script]")) element.hidden = true;
start();
root.querySelector("[data-list-choice]")?.addEventListener("change", ({ currentTarget }) => currentTarget.submit());
if (editUrl) {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") loadList();
  });
  const answer = await watchlist.merged;
  if (answer && !unsaved) {
    chosen = answer.symbols;
    render();
  }
} else {
  watchlist.onChange((symbols) => {
    chosen = symbols.slice(0, limit);
    render();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    chosen = watchlist.get().slice(0, limit);
    render();
  });
}
