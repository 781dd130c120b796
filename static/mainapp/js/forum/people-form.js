// Choosing people for a private room: the search while typing, and the chosen ones above it.
import { part, setText } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";

const DEBOUNCE_MS = 150;

class PeopleForm {
  constructor(form) {
    this._form = form;
    this._input = form.elements.namedItem("q");
    this._found = part(form, "found");
    this._chips = part(form, "chips");
    this._timer = null;
    this._request = null;
  }

  attach() {
    this._input.addEventListener("input", () => {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this._search(), DEBOUNCE_MS);
    });
    this._input.addEventListener("keydown", (event) => this._onKey(event));
    this._form.addEventListener("change", ({ target }) => {
      if (target.name === "com") this._move(target);
    });
  }

  /** Enter chooses the first person found: it must not send the form during a search. */
  _onKey(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    this._found.querySelector("input[name=com]")?.click();
  }

  /** Move a person to the chosen ones, or away from them. */
  _move(box) {
    const row = box.closest("li");
    if (box.checked) {
      this._chips.append(row);
      this._input.value = "";
      this._input.focus();
      this._search();
    } else {
      row.remove();
      this._search();
    }
    part(this._form, "chosen").hidden = !this._chips.children.length;
  }

  async _search() {
    this._request?.abort();
    this._request = new AbortController();
    const query = new URLSearchParams({ q: this._input.value });
    for (const box of this._chips.querySelectorAll("input[name=com]")) query.append("com", box.value);
    try {
      const url = `${this._form.dataset.url}?${query}`;
      const { html } = await fetchFragment(url, { signal: this._request.signal });
      if (html === null) return;
      this._found.innerHTML = html;
      this._announce();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  _announce() {
    const count = this._found.querySelectorAll("input[name=com]").length;
    const text = count ? ngettext("%s pessoa", "%s pessoas", count) : gettext("Ninguém encontrado.");
    setText(part(this._form, "status"), text);
  }
}

document.querySelectorAll("form[data-people-form]").forEach((form) => new PeopleForm(form).attach());
