// Notifications and private rooms as events of the page, and reloading of the parts of a page that they change.
import { fetchElement } from "./http.js";

const EVENT = "notification";
const ROOM_EVENT = "privateroom";
const PART_EVENT = "partchanged";
export const OPENED = "opened"; // in place of a part's name
const WAIT_MS = 150; // several notifications together cause one request
const SPREAD_MS = 300; // not all pages at the same moment

/** Announce a notification (an item of CONTRACTS §4) to the page's modules. */
export function announceNotification(item) {
  document.dispatchEvent(new CustomEvent(EVENT, { detail: item }));
}

/** Call `listener` after one or several notifications whose kind begins with `prefix`. */
export function onNotification(prefix, listener) {
  let timer = null;
  document.addEventListener(EVENT, ({ detail }) => {
    if (!detail.kind.startsWith(prefix)) return;
    clearTimeout(timer);
    timer = setTimeout(listener, WAIT_MS);
  });
}

/**
 * Announce a frame about a private room to the page's modules: `room_state` or `room_gone`, or the `snapshot` after a
 * lost connection, during which some may have been missed.
 */
export function announceRoom(frame) {
  document.dispatchEvent(new CustomEvent(ROOM_EVENT, { detail: frame }));
}

/** Call `listener` with each frame that is announced by `announceRoom`. */
export function onRoom(listener) {
  document.addEventListener(ROOM_EVENT, ({ detail }) => listener(detail));
}

/** Announce that a part of pages changed (`changed` of CONTRACTS §4); without a name, that any may have. */
export function announcePart(name = "") {
  document.dispatchEvent(new CustomEvent(PART_EVENT, { detail: name }));
}

/** Call `listener` when a part may have changed, also after a lost connection; OPENED is after the first one. */
export function onPart(name, listener) {
  let timer = null;
  document.addEventListener(PART_EVENT, ({ detail }) => {
    if (detail && detail !== name) return;
    clearTimeout(timer);
    timer = setTimeout(listener, Math.random() * SPREAD_MS);
  });
}

/**
 * Load the page again and replace the parts of `root` that have a `data-refresh` name; `selector` finds
 * `root` in the loaded page. The focus stays on the same link or button, and an open menu stays open.
 * Resolves to true if it worked.
 */
export async function refreshParts(root, selector) {
  const loaded = await fetchElement(window.location.href, selector).catch(() => null);
  if (!loaded) return false;
  const focused = selectorOf(document.activeElement);
  const menu = root.querySelector(":popover-open")?.id;
  for (const part of root.querySelectorAll("[data-refresh]")) {
    const fresh = loaded.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
  if (menu) document.getElementById(menu)?.showPopover?.();
  if (focused && document.activeElement === document.body) root.querySelector(focused)?.focus();
  return true;
}

/** Return a selector of a link by its address or of a button by its label; null for other elements. */
function selectorOf(element) {
  for (const name of ["href", "aria-label"]) {
    const value = element?.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}
