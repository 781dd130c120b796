// The chosen stocks: in this browser until there is a login, then in the account's current list.
import { build } from "../core/dom.js";
import { post } from "../core/http.js";
import { gettext } from "../core/i18n.js";
import { readStored, writeStored } from "../core/storage.js";

const STORAGE_KEY = "pregao.list";
const MAX_SYMBOLS = 200;
const TICKER = /^[A-Z0-9]{4}[0-9]{0,2}B?$/;

/** Return the tickers in `value`, each once, in order; anything else is skipped. */
function cleaned(value) {
  if (!Array.isArray(value)) return [];
  const symbols = value
    .filter((symbol) => typeof symbol === "string")
    .map((symbol) => symbol.trim().toUpperCase())
    .filter((symbol) => TICKER.test(symbol));
  return [...new Set(symbols)].slice(0, MAX_SYMBOLS);
}

let memory = null; // the list when the browser refuses storage: it lasts as long as the page

/** Return the list stored in this browser. */
export function get() {
  return memory ? [...memory] : cleaned(readStored(STORAGE_KEY, []));
}

/** Store `symbols` in this browser and return the valid ones. */
export function set(symbols) {
  const saved = cleaned(symbols);
  memory = writeStored(STORAGE_KEY, saved.length ? saved : null) ? null : saved;
  return saved;
}

/** Call `listener` with the list when another tab changes it. */
export function onChange(listener) {
  window.addEventListener("storage", (event) => {
    if (event.key !== STORAGE_KEY && event.key !== null) return;
    memory = null;
    listener(get());
  });
}

/** Add to and remove from the account's current list; resolves to its symbols. */
export async function editCurrent(url, { add = [], remove = [] }) {
  return (await postList(url, { add, remove })).symbols;
}

/**
 * Move the browser's list into the account, once; resolves to the answer, null when the list is empty.
 *
 * Safe in two tabs at once: the server makes a union, and only symbols that were sent leave the browser.
 */
export async function merge(url) {
  const symbols = get();
  if (!symbols.length) return null;
  const answer = await postList(url, { symbols });
  set(get().filter((symbol) => !symbols.includes(symbol)));
  return answer;
}

function postList(url, body) {
  return post(url, body, {
    unreachable: gettext("Sem conexão: a lista não mudou."),
    refused: gettext("Não foi possível guardar a lista."),
  });
}

/** Resolves when the browser's list is in the account: the answer of the merge, or null. */
export const merged = mergeAfterLogin();

async function mergeAfterLogin() {
  const url = document.querySelector('meta[name="watchlist-merge"]')?.content;
  if (!url) return null;
  try {
    const answer = await merge(url);
    if (answer?.message) showNotice(answer.message);
    return answer;
  } catch {
    return null; // the list stays in the browser; the next page tries again
  }
}

function showNotice(text) {
  const notice = build("p", { className: "banner banner-warning", role: "status" });
  document.getElementById("main")?.prepend(notice);
  notice.textContent = text; // after it is in the page: screen readers announce changes only
}
