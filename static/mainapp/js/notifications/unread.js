// The number of unread messages in the reader's private rooms, beside the links to them.
import { part, setText } from "../core/dom.js";
import { readText, writeText } from "../core/storage.js";

const MAX_COUNT = 99;
const KEY = "rooms-unread"; // shown until the first frame comes

/** Return a count as a badge shows it. */
export function shortCount(count) {
  return count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
}

/** Show the number in each `[data-rooms-unread]`, and the elements with `[data-needs-unread]` if it is not 0. */
export function showRoomsUnread(count) {
  for (const badge of document.querySelectorAll("[data-rooms-unread]")) {
    setText(part(badge, "count"), shortCount(count));
    badge.hidden = count === 0;
  }
  for (const form of document.querySelectorAll("[data-needs-unread]")) form.hidden = count === 0;
  writeText(KEY, String(count), "sessionStorage");
}

/** Show the last known number of this tab. */
export function restoreRoomsUnread() {
  showRoomsUnread(Number(readText(KEY, "sessionStorage")) || 0);
}
