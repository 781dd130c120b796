// The popover of the bell: the newest notifications, a fragment that is loaded when it opens.
//
// The bell stays a link to the page: without scripts, with a modifier key, and on that page itself.
import { build, parseFragment } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext } from "../core/i18n.js";

const SKELETON_ROWS = 4;

export class BellPopover {
  /** `markRead` takes a list of ids or "all" and returns whether it was sent. */
  constructor(bell, { markRead }) {
    this._bell = bell;
    this._markRead = markRead;
    this._wasOpen = false; // before the pointer went down, which closes the popover
    this._controller = null;
    this._panel = build("div", {
      className: "menu-panel bell-panel",
      id: "bell-panel",
      popover: "auto",
      role: "dialog",
      tabIndex: -1,
      "aria-label": gettext("Notificações"),
    });
    bell.after(this._panel);
    bell.setAttribute("aria-haspopup", "dialog");
    bell.setAttribute("aria-controls", this._panel.id); // core/popover.js places the panel below it
    bell.setAttribute("aria-expanded", "false");
    bell.addEventListener("pointerdown", () => (this._wasOpen = this.isOpen));
    bell.addEventListener("click", (event) => this._onBell(event));
    this._panel.addEventListener("toggle", ({ newState }) => this._onToggle(newState));
    this._panel.addEventListener("click", (event) => this._onLink(event));
    this._panel.addEventListener("submit", (event) => this._onSubmit(event));
  }

  get isOpen() {
    return this._panel.matches(":popover-open");
  }

  /** Load the fragment again while the popover is open: a notification came or was read. */
  refresh() {
    if (this.isOpen) this._load();
  }

  _onBell(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const wasOpen = this._wasOpen;
    this._wasOpen = false;
    if (wasOpen || this.isOpen) return this._close();
    this._showSkeleton();
    this._panel.showPopover();
    this._panel.focus();
    this._load();
  }

  _close() {
    if (this.isOpen) this._panel.hidePopover();
    this._bell.focus();
  }

  _onToggle(state) {
    this._bell.setAttribute("aria-expanded", String(state === "open"));
    if (state === "closed") this._controller?.abort();
  }

  _showSkeleton() {
    const rows = Array.from({ length: SKELETON_ROWS }, () => build("div", { className: "skeleton" }));
    const words = build("p", { className: "visually-hidden", role: "status" }, gettext("Carregando…"));
    this._panel.replaceChildren(words, ...rows);
  }

  async _load() {
    this._controller?.abort();
    this._controller = new AbortController();
    try {
      const { html } = await fetchFragment(new URL("latest/", this._bell.href), this._controller);
      if (html === null) this._showFailure();
      else this._show(parseFragment(html));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  _show(content) {
    const index = this._links().indexOf(document.activeElement);
    this._panel.replaceChildren(content);
    if (index >= 0) (this._links()[index] ?? this._panel).focus();
  }

  _showFailure() {
    const text = gettext("Não foi possível carregar as notificações.");
    const link = build("a", { className: "button", href: this._bell.href }, gettext("Ver todas"));
    this._panel.replaceChildren(build("p", { role: "status" }, text), link);
  }

  _onLink({ target }) {
    const link = target.closest("[data-open]");
    if (link) this._markRead([Number(link.dataset.open)]);
  }

  _onSubmit(event) {
    // Without a connection the form goes to the server, which shows the page of notifications.
    if (event.target.matches("[data-read-all]") && this._markRead("all")) event.preventDefault();
  }

  _links() {
    return [...this._panel.querySelectorAll("a, button")];
  }
}
