// Search in the open room: results while typing, and moving to the message that was chosen.
import { part } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";

const PAUSE_MS = 250;

/** `goTo(seq)` shows a message of the room. */
export function attachSearch(box, goTo) {
  const form = box.querySelector("form");
  const input = form.querySelector("input");
  const found = part(box, "found");
  let timer = null;
  let request = null;

  async function search() {
    request?.abort();
    request = new AbortController();
    const { signal } = request;
    const url = `${form.action}?q=${encodeURIComponent(input.value)}`;
    const { html } = await fetchFragment(url, { signal }).catch(() => ({ html: null }));
    if (html !== null && !signal.aborted) found.innerHTML = html;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
  found.addEventListener("click", (event) => {
    const item = event.target.closest("[data-seq]");
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    box.hidePopover();
    goTo(Number(item.dataset.seq));
  });
}
