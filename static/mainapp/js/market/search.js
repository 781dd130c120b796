// The stock search: an ARIA 1.2 combobox with a listbox.
import { build } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";

const DEBOUNCE_MS = 120;

/**
 * Make a form.search of base.html suggest stocks; without scripts it is a plain form. A choice opens the
 * stock's page, unless a listener of `stockchosen` {symbol} prevents it.
 */
export function attachSearch(form) {
  if (form.dataset.searchUrl) new StockSearch(form).attach();
}

class StockSearch {
  constructor(form) {
    this._form = form;
    this._url = form.dataset.searchUrl;
    this._input = form.querySelector("[role=combobox]");
    this._list = form.querySelector("[role=listbox]");
    this._status = form.querySelector("[role=status]");
    this._timer = null;
    this._request = null;
    this._active = -1;
    this._shownText = ""; // the text that the list is the answer to
  }

  attach() {
    const [form, input, list] = [this._form, this._input, this._list];
    input.addEventListener("input", () => {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this._search(), DEBOUNCE_MS);
    });
    input.addEventListener("focus", () => {
      if (this._text() && list.hidden) this._search();
    });
    input.addEventListener("keydown", (event) => this._onKey(event));
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => this._onClick(event));
    form.addEventListener("focusout", (event) => {
      if (!form.contains(event.relatedTarget)) this._close();
    });
    form.addEventListener("submit", () => this._close());
  }

  _text() {
    return this._input.value.trim();
  }

  _options() {
    return [...this._list.querySelectorAll("[role=option]")];
  }

  async _search() {
    const text = this._text();
    if (!text) {
      this._close();
      return;
    }
    this._request?.abort(); // an older response is never shown
    const request = new AbortController();
    this._request = request;
    try {
      const { html } = await fetchFragment(`${this._url}?q=${encodeURIComponent(text)}`, request);
      if (request.signal.aborted) return;
      if (html === null) this._showFailure();
      else this._show(html, text);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  _show(html, text) {
    this._list.innerHTML = html;
    this._shownText = text;
    this._active = -1;
    this._input.removeAttribute("aria-activedescendant");
    this._options().forEach((option, i) => {
      option.id = `${this._list.id}-${i}`;
      option.setAttribute("aria-selected", "false");
    });
    const count = this._options().length;
    if (!count && !this._list.textContent.trim()) this._showText(gettext("Nenhum ativo encontrado."));
    this._status.textContent = ngettext("%s ativo encontrado", "%s ativos encontrados", count);
    this._list.hidden = false;
    this._input.setAttribute("aria-expanded", "true");
  }

  _showFailure() {
    this._showText(gettext("A busca não respondeu. Tente de novo."));
    this._status.textContent = this._list.textContent;
    this._list.hidden = false;
  }

  _showText(text) {
    this._list.replaceChildren(build("li", { className: "search-empty", role: "presentation" }, text));
  }

  _close() {
    clearTimeout(this._timer);
    this._request?.abort();
    this._list.hidden = true;
    this._active = -1;
    this._input.setAttribute("aria-expanded", "false");
    this._input.removeAttribute("aria-activedescendant");
  }

  _activate(index) {
    const options = this._options();
    if (!options.length) return;
    this._active = (index + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this._active)));
    options[this._active].scrollIntoView({ block: "nearest" });
    this._input.setAttribute("aria-activedescendant", options[this._active].id);
  }

  _choose(option) {
    const link = option.dataset.url ?? option.querySelector("a")?.getAttribute("href");
    this._close();
    const detail = { symbol: option.dataset.symbol };
    const event = new CustomEvent("stockchosen", { detail, bubbles: true, cancelable: true });
    if (this._form.dispatchEvent(event) && link) window.location.assign(link);
  }

  _onClick(event) {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this._choose(option);
  }

  _onKey(event) {
    if (event.isComposing) return;
    const isOpen = !this._list.hidden;
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this._close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) this._search();
      else if (event.key === "ArrowDown") this._activate(this._active + 1);
      else this._activate(this._active < 0 ? -1 : this._active - 1);
    } else if (event.key === "Enter" && isOpen && this._options().length) this._onEnter(event);
    else if (event.key === "Tab") this._close();
  }

  _onEnter(event) {
    // The list belongs to an older text: the form is sent instead.
    if (this._active < 0 && this._shownText !== this._text()) return;
    event.preventDefault();
    this._choose(this._options()[Math.max(this._active, 0)]);
  }
}
