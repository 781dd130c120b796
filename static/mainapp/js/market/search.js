// The stock search: a form whose box suggests stocks.
import { Combobox } from "../core/combobox.js";
import { fetchFragment } from "../core/http.js";

/** Return a loader of the suggestions at `url` for a Combobox. */
export function suggestionsOf(url) {
  return async (text, request) => {
    const { html } = await fetchFragment(`${url}?q=${encodeURIComponent(text)}`, request);
    return html;
  };
}

/**
 * Make a form.search of base.html suggest stocks; without scripts it is a plain form. A choice opens the
 * stock's page, unless a listener of `stockchosen` {symbol} prevents it.
 */
export function attachSearch(form) {
  if (!form.dataset.searchUrl) return;
  new Combobox({
    input: form.querySelector("[role=combobox]"),
    list: form.querySelector("[role=listbox]"),
    status: form.querySelector("[role=status]"),
    load: suggestionsOf(form.dataset.searchUrl),
    choose: (option) => choose(form, option),
  }).attach();
}

function choose(form, option) {
  const link = option.dataset.url ?? option.querySelector("a")?.getAttribute("href");
  const detail = { symbol: option.dataset.symbol };
  const event = new CustomEvent("stockchosen", { detail, bubbles: true, cancelable: true });
  if (form.dispatchEvent(event) && link) window.location.assign(link);
}
