// One dismissible notice above the tracker.
import { gettext } from "../market/quotes.js";

/** Make `notices` dismissible; returns `notify(text, link)`, which shows one in place of the others. */
export function attachNotices(notices) {
  notices.addEventListener("click", (event) => {
    if (event.target.closest('[data-action="dismiss"]')) event.target.closest(".alert").remove();
  });
  return (text, link = null) => notices.replaceChildren(notice(text, link));
}

function notice(text, link) {
  const box = document.createElement("div");
  box.className = "alert alert-warning";
  box.setAttribute("role", "status");
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  if (link) box.append(" ", Object.assign(document.createElement("a"), { className: "alert-link", href: link.href, textContent: link.text }));
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-btn";
  button.dataset.action = "dismiss";
  button.setAttribute("aria-label", gettext("Dispensar"));
  button.textContent = "×";
  box.append(button);
  return box;
}
