// Days of a list of messages, messages of one person that share a head, and the first unread one.
import { serverNow } from "../core/clock.js";
import { build } from "../core/dom.js";
import { gettext, ngettext } from "../core/i18n.js";
import { day } from "../core/time.js";

const GROUP_MS = 5 * 60 * 1000; // messages of one person within this time share one head

/** Put a line before each day's first message, and group one person's consecutive messages. */
export function arrange(list) {
  for (const line of list.querySelectorAll(".talk-day")) line.remove();
  let last = null;
  for (const element of list.querySelectorAll(".msg")) {
    const date = day(element.dataset.at, { withYear: true });
    const isNewDay = !last || day(last.dataset.at, { withYear: true }) !== date;
    if (isNewDay) element.before(buildDayLine(date));
    element.classList.toggle("follows", !isNewDay && follows(element, last));
    last = element;
  }
}

/** Put a line before the first message of others after `seq`, unless there is one. */
export function markUnread(list, seq) {
  const unread = [...list.querySelectorAll(".msg:not(.own, .is-note, .pending)")].filter(({ dataset }) => Number(dataset.seq) > seq);
  if (!unread.length || list.querySelector(".talk-unread")) return;
  const text = ngettext("%s mensagem nova", "%s mensagens novas", unread.length);
  const line = build("li", { className: "talk-unread" }, build("span", {}, text));
  const before = unread[0].previousElementSibling;
  (before?.classList.contains("talk-day") ? before : unread[0]).before(line);
}

function follows(element, last) {
  if (element.classList.contains("deleted") || last.classList.contains("deleted")) return false;
  if (!element.dataset.author || element.dataset.author !== last.dataset.author) return false;
  return Date.parse(element.dataset.at) - Date.parse(last.dataset.at) < GROUP_MS;
}

function buildDayLine(date) {
  const today = day(serverNow(), { withYear: true });
  return build("li", { className: "talk-day" }, build("span", {}, date === today ? gettext("hoje") : date));
}
