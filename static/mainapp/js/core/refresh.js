// Parts of a page that are loaded again when a notification says that they changed.
import { fetchElement } from "./http.js";

const EVENT = "notification";
const WAIT_MS = 150; // several notifications, one request

/** Tell the page's modules of a notification: an item of CONTRACTS §4. */
export function announceNotification(item) {
  document.dispatchEvent(new CustomEvent(EVENT, { detail: item }));
}

/** Call `listener` after notifications whose kind begins with `prefix`. */
export function onNotification(prefix, listener) {
  let timer = null;
  document.addEventListener(EVENT, ({ detail }) => {
    if (!detail.kind.startsWith(prefix)) return;
    clearTimeout(timer);
    timer = setTimeout(listener, WAIT_MS);
  });
}

/**
 * Load the page again and replace the parts of `root` that have a `[data-refresh]` name; `selector` finds
 * `root` in the new page. The keyboard's focus stays on the same link or button. Returns whether it worked.
 */
export async function refreshParts(root, selector) {
  const loaded = await fetchElement(window.location.href, selector).catch(() => null);
  if (!loaded) return false;
  const focused = describe(document.activeElement);
  for (const part of root.querySelectorAll("[data-refresh]")) {
    const fresh = loaded.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
  if (focused && document.activeElement === document.body) root.querySelector(focused)?.focus();
  return true;
}

/** Return a selector of a link by its address, of a button by its label; null for anything else. */
function describe(element) {
  for (const name of ["href", "aria-label"]) {
    const value = element?.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}
