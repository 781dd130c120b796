// Suggestions of stocks in a form's text input: `<input data-autocomplete="stock" data-url="…">`.
//
// Without scripts it is a plain field for a ticker. A choice fills in the ticker and dispatches
// `stockchosen` {symbol} and `change`, which bubble. Inputs in fragments of htmx are found too.
import { Combobox } from "../core/combobox.js";
import { build } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { suggestionsOf } from "./search.js";

const SELECTOR = "input[data-autocomplete='stock']";
const attached = new WeakSet();
let count = 0;

/** Attach the suggestions to an input; safe to repeat. */
function attachAutocomplete(input) {
  if (attached.has(input)) return;
  attached.add(input);
  const { list, status } = buildParts(input);
  new Combobox({
    input,
    list,
    status,
    load: suggestionsOf(input.dataset.url),
    choose: (option) => choose(input, option.dataset.symbol),
    keepsText: (text, option) => text.toUpperCase() === option.dataset.symbol,
    choosesOnTab: true,
  }).attach();
}

/** Wrap the input, so that the list appears below it, and make it a combobox. */
function buildParts(input) {
  const hadFocus = document.activeElement === input;
  const id = `${input.id || "stock"}-suggestions-${(count += 1)}`;
  const list = build("ul", { id, className: "search-list", role: "listbox", hidden: true });
  list.setAttribute("aria-label", gettext("Ativos encontrados"));
  const status = build("p", { className: "visually-hidden", role: "status" });
  const box = build("div", { className: "combobox" });
  input.replaceWith(box);
  box.append(input, list, status);
  if (hadFocus) input.focus();
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  input.setAttribute("aria-controls", id);
  return { list, status };
}

function choose(input, symbol) {
  input.value = symbol;
  input.dispatchEvent(new CustomEvent("stockchosen", { detail: { symbol }, bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function attachAll(root) {
  root.querySelectorAll(SELECTOR).forEach(attachAutocomplete);
}

attachAll(document);
document.addEventListener("htmx:load", ({ target }) => attachAll(target));
