// An ARIA 1.2 combobox: a text input that suggests options in a listbox.
import { build } from "./dom.js";
import { gettext, ngettext } from "./i18n.js";

const DEBOUNCE_MS = 120;
const ARROWS = ["ArrowDown", "ArrowUp"];

/**
 * Connect `input` ([role=combobox]), `list` ([role=listbox]) and `status` ([role=status]).
 *
 * `load(text, {signal})` returns the content of the list as HTML: [role=option]s, which may stand in
 * [role=group]s, and [data-note]s, which are read out but cannot be chosen. It returns null when the server
 * did not answer, and "" to show nothing. It is called for an empty text only if `opensEmpty`.
 *
 * `choose(option)` is called for a click, for Enter on the active option, and for Enter on the first one when
 * no option is active; `keepsText(text, option)` may refuse the latter, so that the form is sent. The list does not
 * open when its only option is one that keeps the text: it would cover the rest of the form.
 * With `choosesOnTab`, Tab chooses the active option before the focus moves on. With `isInline`, the suggestions
 * are for the part of a longer text that `text()` returns: the first option is active at once, and the arrows move
 * the caret unless the list is open.
 */
export class Combobox {
  constructor({ input, list, status, load, choose, describe = describeStocks, ...options }) {
    this._input = input;
    this._list = list;
    this._status = status;
    this._load = load;
    this._choose = choose;
    this._describe = describe;
    this._opensEmpty = options.opensEmpty ?? false;
    this._choosesOnTab = options.choosesOnTab ?? false;
    this._isInline = options.isInline ?? false;
    this._text = options.text ?? (() => input.value.trim());
    this._keepsText = options.keepsText ?? (() => false);
    this._timer = null;
    this._request = null;
    this._active = -1;
    this._shownText = null; // the text that the list belongs to
  }

  attach() {
    const [input, list] = [this._input, this._list];
    input.addEventListener("input", () => {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this.search(), DEBOUNCE_MS);
    });
    input.addEventListener("focus", () => {
      if (list.hidden && (this._text() || this._opensEmpty)) this.search();
    });
    input.addEventListener("keydown", (event) => this._onKey(event));
    input.addEventListener("blur", () => this.close());
    input.form?.addEventListener("submit", () => this.close());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => this._onClick(event));
    return this;
  }

  /** Load and show the options of the text. */
  async search() {
    const text = this._text();
    if (!text && !this._opensEmpty) {
      this.close();
      return;
    }
    this._request?.abort(); // an older response is never shown
    const request = new AbortController();
    this._request = request;
    try {
      const html = await this._load(text, request);
      if (request.signal.aborted) return;
      if (html === null) this._showFailure();
      else if (html === "") this.close();
      else this._show(html, text);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  close() {
    clearTimeout(this._timer);
    this._request?.abort();
    this._list.hidden = true;
    this._active = -1;
    this._setExpanded(false);
    this._input.removeAttribute("aria-activedescendant");
  }

  _options() {
    return [...this._list.querySelectorAll("[role=option]")];
  }

  _show(html, text) {
    this._list.innerHTML = html;
    this._shownText = text;
    this._active = -1;
    this._input.removeAttribute("aria-activedescendant");
    this._options().forEach((option, i) => {
      option.id = `${this._list.id}-${i}`; // two lists on a page never share an id
      option.setAttribute("aria-selected", "false");
    });
    const count = this._options().length;
    if (!count && !this._list.textContent.trim()) this._showText(this._describe(0));
    const notes = [...this._list.querySelectorAll("[data-note]")].map((note) => note.textContent.trim());
    this._status.textContent = [...notes, this._describe(count)].join(" ");
    if (count === 1 && this._keepsText(text, this._options()[0])) this.close();
    else this._open();
    if (this._isInline) this._activate(0);
  }

  _showFailure() {
    this._showText(gettext("A busca não respondeu. Tente de novo."));
    this._shownText = null;
    this._active = -1;
    this._status.textContent = this._list.textContent;
    this._open();
  }

  _showText(text) {
    this._list.replaceChildren(build("li", { className: "search-empty", role: "presentation" }, text));
  }

  _open() {
    this._list.hidden = false;
    this._list.scrollTop = 0;
    this._setExpanded(true);
  }

  _setExpanded(isExpanded) {
    if (!this._isInline) this._input.setAttribute("aria-expanded", String(isExpanded)); // not allowed on a textbox
  }

  _activate(index) {
    const options = this._options();
    if (!options.length) return;
    this._active = (index + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this._active)));
    options[this._active].scrollIntoView({ block: "nearest" });
    this._input.setAttribute("aria-activedescendant", options[this._active].id);
  }

  _accept(option) {
    this.close();
    this._choose(option);
  }

  _onClick(event) {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this._accept(option);
  }

  _onKey(event) {
    if (event.isComposing) return;
    const isOpen = !this._list.hidden;
    // A list that belongs to an older text must not replace what was typed meanwhile.
    const mayChoose = isOpen && (!this._isInline || this._shownText === this._text());
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (ARROWS.includes(event.key) && (isOpen || !this._isInline)) {
      event.preventDefault();
      this._onArrow(event.key === "ArrowDown", isOpen);
    } else if (event.key === "Enter" && mayChoose && this._options().length) this._onEnter(event);
    else if (event.key === "Tab" && mayChoose && !event.shiftKey) this._onTab(event);
  }

  _onArrow(isDown, isOpen) {
    if (!isOpen) this.search();
    else if (isDown) this._activate(this._active + 1);
    else this._activate(this._active < 0 ? -1 : this._active - 1);
  }

  _onEnter(event) {
    const option = this._options()[Math.max(this._active, 0)];
    if (this._active < 0) {
      // The list belongs to an older text, or the text needs no choice: the form is sent.
      if (this._shownText !== this._text() || this._keepsText(this._text(), option)) return;
    }
    event.preventDefault();
    this._accept(option);
  }

  _onTab(event) {
    const option = this._options()[this._active];
    if (option && this._isInline) event.preventDefault(); // the caret stays: the text goes on
    if (option && this._choosesOnTab) this._accept(option);
    else this.close();
  }
}

function describeStocks(count) {
  if (!count) return gettext("Nenhum ativo encontrado.");
  return ngettext("%s ativo encontrado", "%s ativos encontrados", count);
}
