/* The picker: filters what is shown, keeps what is chosen. Without this its two forms work alone. */
import * as lists from "./watchlist.js";

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
const editUrl = root.dataset.editUrl ?? null; // of the account's list; null: the browser keeps it

const list = () => root.querySelector("[data-list]");
const rows = () => [...root.querySelectorAll(".pick")];
const box = (row) => row.querySelector("input");

let chosen = editUrl
  ? JSON.parse(document.getElementById("chosen-symbols").textContent)
  : lists.get().slice(0, limit);
let saving = Promise.resolve();
let unsaved = 0;

/* What is chosen ---------------------------------------------------------------------------------- */

function chip(symbol) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.value = symbol;
  button.setAttribute("aria-label", interpolate(gettext("Tirar %s"), [symbol]));
  button.append(symbol);
  item.append(button);
  return item;
}

function paint() {
  const taken = new Set(chosen);
  for (const row of rows()) box(row).checked = taken.has(box(row).value);
  const shown = [...chips.children].map((item) => item.firstChild.value);
  if (shown.join() !== chosen.join()) {
    const focused = chips.contains(document.activeElement) ? shown.indexOf(document.activeElement.value) : -1;
    chips.replaceChildren(...chosen.map(chip));
    if (focused >= 0) (chips.children[Math.min(focused, chosen.length - 1)]?.firstChild ?? follow).focus();
    if (chosen.length > shown.length) chips.scrollLeft = chips.scrollWidth;
  }
  chips.hidden = !chosen.length;
  clear.hidden = !chosen.length;
  count.hidden = false;
  count.textContent = interpolate(gettext("%s de %s"), [chosen.length, limit]);
  count.classList.toggle("is-full", chosen.length >= limit);
  follow.disabled = !chosen.length;
  if (chosen.length < limit) limitNotice.hidden = true;
}

function say(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

/** Put `symbols` in, as far as the limit goes; say so when it stops them. */
function choose(symbols) {
  const wanted = symbols.filter((symbol) => !chosen.includes(symbol));
  const add = wanted.slice(0, Math.max(limit - chosen.length, 0));
  limitNotice.hidden = add.length === wanted.length;
  keep({ add, remove: [] });
}

function drop(symbols) {
  keep({ add: [], remove: symbols });
}

function keep({ add, remove }) {
  if (!add.length && !remove.length) return paint();
  const changed = [...chosen.filter((symbol) => !remove.includes(symbol)), ...add];
  say("");
  chosen = editUrl ? changed : lists.set(changed);
  paint();
  if (editUrl) saving = saving.then(() => save({ add, remove }));
}

/** Change the account's list, one change after the other; a refused one is undone on the page. */
async function save(edit) {
  unsaved += 1;
  try {
    const symbols = await lists.editCurrent(editUrl, edit);
    unsaved -= 1;
    if (!unsaved) chosen = symbols;
  } catch (error) {
    unsaved -= 1;
    chosen = [...chosen.filter((symbol) => !edit.add.includes(symbol)), ...edit.remove];
    say(error instanceof TypeError ? gettext("Sem conexão: a lista não mudou.") : error.message);
  }
  paint();
}

pickForm.addEventListener("change", (event) => {
  if (event.target.name !== "stockpicker") return;
  if (event.target.checked) choose([event.target.value]);
  else drop([event.target.value]);
});
pickForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const query = new URLSearchParams(chosen.map((symbol) => ["stockpicker", symbol]));
  window.location.assign(`${pickForm.action}?${query}`);
});
chips.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) drop([button.value]);
});
clear.addEventListener("click", () => {
  const before = [...chosen];
  drop(before);
  const undo = document.createElement("button");
  undo.type = "button";
  undo.textContent = gettext("Desfazer");
  undo.addEventListener("click", () => {
    choose(before);
    follow.focus();
  });
  say(gettext("Nada escolhido agora."));
  notice.append(undo);
  undo.focus();
});
root.addEventListener("click", (event) => {
  if (!event.target.closest("[data-all]")) return;
  choose(rows().filter((row) => !row.hidden).map((row) => box(row).value));
});

/* What is shown ------------------------------------------------------------------------------------ */

const fold = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();

let timer = 0;
let request = null;

function showFound(found) {
  const text = ngettext("%s ativo", "%s ativos", found);
  root.querySelector("[data-shown]").textContent = interpolate(text, [found]);
  root.querySelector(".picks").hidden = !found;
  root.querySelector("[data-none]").hidden = found > 0;
}

/** Filter the rows that are there: all of the market's. */
function filterHere() {
  const words = fold(filterForm.elements.q.value).split(/\s+/).filter(Boolean);
  const sector = filterForm.elements.sector?.value ?? "";
  let found = 0;
  for (const row of rows()) {
    const matches =
      (!sector || row.dataset.sector === sector) &&
      words.every((word) => row.dataset.search.includes(word));
    row.hidden = !matches;
    if (matches) found += 1;
  }
  showFound(found);
}

/** Ask the server: the market has more pages than this one. */
async function filterThere() {
  const query = new URLSearchParams(new FormData(filterForm));
  const url = `${filterForm.action}?${query}`;
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  list().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-list]");
    if (!answer.ok || !found) throw new Error(answer.statusText);
    list().replaceWith(found);
    window.history.replaceState(null, "", url);
    say("");
    start();
  } catch (error) {
    if (error.name === "AbortError") return;
    list().removeAttribute("aria-busy");
    say(gettext("A busca não respondeu. Tente de novo."));
  }
}

const isWhole = list().dataset.isWhole === "true";
function filter() {
  clearTimeout(timer);
  if (isWhole) filterHere();
  else timer = setTimeout(filterThere, DEBOUNCE_MS);
}

filterForm.addEventListener("input", filter);
filterForm.addEventListener("submit", (event) => {
  event.preventDefault();
  filter();
});

/* Beginning ----------------------------------------------------------------------------------------- */

function start() {
  root.querySelector("[data-all]").hidden = !rows().length;
  paint();
}

for (const element of root.querySelectorAll("[data-without-script]")) element.hidden = true;
start();
if (isWhole) filterHere(); // the browser may have kept what was typed
if (editUrl) {
  const said = await lists.merged;
  if (said && !unsaved) {
    chosen = said.symbols;
    paint();
  }
} else {
  lists.onChange((symbols) => {
    chosen = symbols.slice(0, limit);
    paint();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    chosen = lists.get().slice(0, limit);
    paint();
  });
}
