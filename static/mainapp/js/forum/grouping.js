// Days of a list of messages, and messages of one person that share a head.
import { serverNow } from "../core/clock.js";
import { build } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
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

function follows(element, last) {
  if (element.classList.contains("deleted") || last.classList.contains("deleted")) return false;
  if (!element.dataset.author || element.dataset.author !== last.dataset.author) return false;
  return Date.parse(element.dataset.at) - Date.parse(last.dataset.at) < GROUP_MS;
}

function buildDayLine(date) {
  const today = day(serverNow(), { withYear: true });
  return build("li", { className: "talk-day" }, build("span", {}, date === today ? gettext("hoje") : date));
}
