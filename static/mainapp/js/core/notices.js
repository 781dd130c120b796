// One dismissible notice at the top of a page's content.
import { build, buildButton } from "./dom.js";
import { gettext } from "./i18n.js";

/** Return `notify(text, link)`: it shows a notice inside `region` in place of the one before. */
export function attachNotices(region) {
  region.addEventListener("click", ({ target }) => {
    if (target.closest('[data-action="dismiss"]')) target.closest(".banner").remove();
  });
  return (text, link = null) => region.replaceChildren(buildNotice(text, link));
}

function buildNotice(text, link) {
  const box = build("div", { className: "banner banner-warning", role: "status" }, build("span", {}, text));
  if (link) box.append(" ", build("a", { className: "banner-link", href: link.href }, link.text));
  const attributes = { className: "icon-button", "data-action": "dismiss", "aria-label": gettext("Dispensar") };
  box.append(buildButton("×", null, attributes));
  return box;
}
