// The site's search box: suggestions in groups, and the results that this browser's reader chose last.
import { Combobox } from "../core/combobox.js";
import { build } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext, ngettext } from "../core/i18n.js";
import { registerShortcut } from "../core/shortcuts.js";
import { readStored, writeStored } from "../core/storage.js";

const MAX_RECENT = 6;

/** Make a form[data-site-search] suggest what the site has; without scripts it opens the page of results. */
export function attachSiteSearch(form) {
  const search = new SiteSearch(form);
  search.attach();
  registerShortcut({
    keys: "/",
    label: gettext("Buscar"),
    run: () => search.focus(),
    scope: gettext("Em todas as páginas"),
  });
}

class SiteSearch {
  constructor(form) {
    this._form = form;
    this._input = form.querySelector("[role=combobox]");
    this._list = form.querySelector("[role=listbox]");
    this._recent = new RecentResults(document.body.dataset.member ?? "0");
    this._isRecent = false; // the list shows the recent results
    this._combobox = new Combobox({
      input: this._input,
      list: this._list,
      status: form.querySelector("[role=status]"),
      load: (text, request) => this._load(text, request),
      choose: (option) => this._choose(option),
      describe: (count) => this._describe(count),
      keepsText: (text) => text === "",
      opensEmpty: true,
    });
  }

  attach() {
    this._list.addEventListener("click", (event) => this._onClick(event), { capture: true });
    this._list.addEventListener("auxclick", (event) => this._onClick(event));
    this._input.addEventListener("keydown", (event) => this._onKey(event), { capture: true });
    this._combobox.attach();
  }

  /** Focus the box; on a narrow page, which has none, open the page of the search. */
  focus() {
    if (!this._input.checkVisibility()) {
      window.location.assign(this._form.action);
      return;
    }
    this._input.focus();
    this._input.select();
  }

  async _load(text, request) {
    this._isRecent = text === "";
    if (this._isRecent) return buildRecent(this._recent.entries);
    const { html } = await fetchFragment(`${this._form.action}?q=${encodeURIComponent(text)}`, request);
    return html;
  }

  _describe(count) {
    if (!count) return gettext("Nada encontrado.");
    if (this._isRecent) return ngettext("%s busca recente", "%s buscas recentes", count - 1);
    return ngettext("%s resultado", "%s resultados", count - 1); // without the link to all of them
  }

  _choose(option) {
    if (option.dataset.kind === "forget") this._forget(null);
    else this._open(option);
  }

  _open(option) {
    if (option.dataset.kind !== "all" && option.dataset.private === undefined) this._recent.add(readOption(option));
    window.location.assign(option.dataset.url);
  }

  /** Forget one recent result, null for all of them, and show the rest. */
  _forget(url) {
    this._recent.remove(url);
    this._combobox.search();
  }

  _onClick(event) {
    const option = event.target.closest("[role=option]");
    if (event.target.closest("[data-action=forget]")) {
      event.stopPropagation();
      this._forget(option.dataset.url);
    } else if (option?.dataset.url && (event.ctrlKey || event.metaKey || event.button === 1)) {
      event.preventDefault();
      window.open(option.dataset.url, "_blank", "noopener");
    }
  }

  _onKey(event) {
    const id = this._input.getAttribute("aria-activedescendant");
    const option = id && document.getElementById(id);
    if (event.key !== "Delete" || !this._isRecent || !option?.dataset.url) return;
    event.preventDefault();
    this._forget(option.dataset.url);
  }
}

/** The results chosen last, the newest first; each account of this browser has its own. */
class RecentResults {
  constructor(member) {
    this._key = `search.recent.${member}`;
  }

  get entries() {
    const stored = readStored(this._key, [], { isValid: Array.isArray });
    return stored.filter((entry) => typeof entry?.title === "string" && isOwnAddress(entry.url));
  }

  add(entry) {
    const others = this.entries.filter(({ url }) => url !== entry.url);
    this._save([entry, ...others].slice(0, MAX_RECENT));
  }

  /** Remove the entry of an address; null removes all. */
  remove(url) {
    this._save(url === null ? [] : this.entries.filter((entry) => entry.url !== url));
  }

  _save(entries) {
    writeStored(this._key, entries.length ? entries : null);
  }
}

function isOwnAddress(url) {
  return typeof url === "string" && /^\/(?![/\\])/.test(url);
}

function readOption({ dataset }) {
  return { title: dataset.title, subtitle: dataset.subtitle ?? "", url: dataset.url };
}

/** Return the list of recent results as HTML, "" when there are none. */
function buildRecent(entries) {
  if (!entries.length) return "";
  const name = gettext("Buscas recentes");
  const title = build("span", { className: "search-group-title", "aria-hidden": "true" }, name);
  const attributes = { className: "search-group", role: "group", "aria-label": name };
  const group = build("li", attributes, title, ...entries.map(buildEntry));
  const text = gettext("Esquecer as buscas recentes");
  const forget = build("li", { className: "search-all", role: "option", "data-kind": "forget" }, text);
  return group.outerHTML + forget.outerHTML;
}

function buildEntry({ title, subtitle, url }) {
  // Not a button: an option has no controls of its own. By keyboard it is the key Delete.
  const forget = build("span", { className: "search-forget", "data-action": "forget" }, "×");
  forget.title = gettext("Esquecer esta busca (Delete)");
  const text = build("span", { className: "search-text" }, build("strong", {}, build("bdi", {}, title)));
  if (subtitle) text.append(" ", build("span", { className: "muted" }, build("bdi", {}, subtitle)));
  const data = { "data-url": url, "data-title": title, "data-subtitle": subtitle };
  return build("div", { className: "search-option", role: "option", ...data }, text, forget);
}
