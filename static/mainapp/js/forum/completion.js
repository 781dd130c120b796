// Completion in the composer: `$` suggests papers and `@` people of the room, for the word before the caret.
import { Combobox } from "../core/combobox.js";
import { build } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";

const WORD = /(?<![\p{L}\p{N}$@./+-])(?:\$\p{L}[\p{L}\p{N}]{0,29}|@[\p{L}\p{N}_.+-]{0,60})$/u;
const LEAVING = ["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"]; // keys that move the caret away

/** Attach the suggestions to a textarea; `urls` has the addresses for `$` and `@`. Attach before other key handlers. */
export function attachCompletion(box, urls) {
  const list = build("ul", { id: `${box.id}-suggestions`, className: "search-list", role: "listbox", hidden: true });
  list.setAttribute("aria-label", gettext("Sugestões"));
  const status = build("p", { className: "visually-hidden", role: "status" });
  box.after(list, status);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  const combobox = new Combobox({
    input: box,
    list,
    status,
    text: () => wordBefore(box),
    load: (word, request) => load(word, urls[word[0]], request),
    choose: (option) => complete(box, option),
    describe: describeSuggestions,
    isInline: true,
    choosesOnTab: true,
  }).attach();
  box.addEventListener("click", () => combobox.close());
  box.addEventListener("keydown", ({ key }) => {
    if (LEAVING.includes(key)) combobox.close();
  });
}

function wordBefore(box) {
  if (box.selectionStart !== box.selectionEnd) return "";
  return WORD.exec(box.value.slice(0, box.selectionStart))?.[0] ?? "";
}

/** Return the options for a word; "" if there are none, or if the word already is one of them, so that Enter sends. */
async function load(word, url, request) {
  const { html } = await fetchFragment(`${url}?q=${encodeURIComponent(word.slice(1))}`, request);
  if (html === null) return "";
  const options = [...build("ul", { innerHTML: html }).querySelectorAll("[role=option]")];
  const isWhole = options.some((option) => textOf(option).toLowerCase() === word.toLowerCase());
  return isWhole ? "" : options.map((option) => option.outerHTML).join("");
}

function textOf({ dataset }) {
  return dataset.symbol ? `$${dataset.symbol}` : `@${dataset.mention}`;
}

function complete(box, option) {
  const end = box.selectionStart;
  const space = box.value[end] === " " ? "" : " ";
  box.setRangeText(textOf(option) + space, end - wordBefore(box).length, end, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function describeSuggestions(count) {
  return ngettext("%s sugestão", "%s sugestões", count);
}
