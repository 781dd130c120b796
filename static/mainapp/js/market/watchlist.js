/* The chosen stocks: kept in the browser until there is a login, then in the account's current list. */

export const STORAGE_KEY = "pregao.list";
export const MAX_KEPT = 200;
const TICKER = /^[A-Z0-9]{4}[0-9]{0,2}B?$/;
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Return what of `value` is a ticker, each once, in order; garbage counts as nothing. */
export function cleaned(value) {
  if (!Array.isArray(value)) return [];
  const symbols = value
    .filter((symbol) => typeof symbol === "string")
    .map((symbol) => symbol.trim().toUpperCase())
    .filter((symbol) => TICKER.test(symbol));
  return [...new Set(symbols)].slice(0, MAX_KEPT);
}

let memory = null; // the list where the browser refuses storage

/** Return the list that this browser keeps. */
export function get() {
  if (memory) return [...memory];
  try {
    return cleaned(JSON.parse(window.localStorage.getItem(STORAGE_KEY) ?? "[]"));
  } catch {
    return [];
  }
}

/** Keep `symbols` in this browser and return what was kept. */
export function set(symbols) {
  const kept = cleaned(symbols);
  try {
    if (kept.length) window.localStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
    else window.localStorage.removeItem(STORAGE_KEY);
    memory = null;
  } catch {
    memory = kept; // storage is full or switched off: the list lasts as long as the page
  }
  return kept;
}

/** Call `listener` with the list when another tab changes it. */
export function onChange(listener) {
  window.addEventListener("storage", (event) => {
    if (event.key !== STORAGE_KEY && event.key !== null) return;
    memory = null;
    listener(get());
  });
}

/** POST JSON with the page's token; an answer that is no success throws its message. */
async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    keepalive: true, // lives on when the page is left
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => null);
  if (!answer.ok || !said) throw new Error(said?.message ?? gettext("Não foi possível guardar a lista."));
  return said;
}

/** Add to and remove from the account's current list; resolves to its symbols. */
export async function editCurrent(url, { add = [], remove = [] }) {
  return (await post(url, { add, remove })).symbols;
}

/**
 * Give the browser's list to the account, once; resolves to the answer, or null without anything to give.
 *
 * Safe in two tabs at once: the server makes a union, and only what was sent leaves the browser.
 */
export async function merge(url) {
  const symbols = get();
  if (!symbols.length) return null;
  const said = await post(url, { symbols });
  set(get().filter((symbol) => !symbols.includes(symbol)));
  return said;
}

/** Resolves when the browser's list is in the account: the merge's answer, or null. */
export const merged = mergeAfterLogin();

async function mergeAfterLogin() {
  const url = document.querySelector('meta[name="watchlist-merge"]')?.content;
  if (!url) return null;
  try {
    const said = await merge(url);
    if (said?.message) tell(said.message);
    return said;
  } catch {
    return null; // the list stays in the browser; the next page tries again
  }
}

function tell(text) {
  const notice = document.createElement("p");
  notice.className = "alert alert-warning";
  notice.setAttribute("role", "status");
  document.getElementById("main")?.prepend(notice);
  notice.textContent = text;
}
