// Reactions: their counts below a message, and choosing one in its menu.
import { build, buildButton, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";

export const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🎉", "📈", "📉"]; // EMOJI of forum/policies.py

/** Show the reactions {emoji, count, mine} of a message. */
export function showReactions(element, reactions) {
  const list = part(element, "reactions");
  if (!list) return;
  list.replaceChildren(...reactions.map((reaction) => build("li", {}, buildReaction(reaction))));
  list.hidden = reactions.length === 0;
}

function buildReaction({ emoji, count, mine }) {
  const number = build("span", { className: "num" }, String(count));
  return build(
    "button",
    { type: "button", className: mine ? "reaction is-mine" : "reaction", "data-emoji": emoji, "aria-pressed": String(mine) },
    `${emoji} `,
    number,
  );
}

/** Send the reactions that are chosen in `log`; `may` returns whether the reader may react now. */
export function attachReactions({ log, socket, may }) {
  const react = (element, emoji) => {
    const own = part(element, "reactions").querySelector(`[data-emoji="${emoji}"]`);
    const isOn = !own?.classList.contains("is-mine");
    const seq = Number(element.dataset.seq);
    socket.send({ type: "react", seq, emoji, on: isOn, id: `react-${seq}` });
  };
  log.list.addEventListener("click", (event) => {
    const button = event.target.closest(".reaction[data-emoji], .emoji-row button");
    if (!button || !may()) return;
    const element = button.closest(".msg");
    button.closest("[popover]")?.hidePopover();
    react(element, button.dataset.emoji);
  });
  log.list.addEventListener(
    "beforetoggle",
    (event) => {
      if (event.newState === "open") offerEmoji(event.target, may());
    },
    { capture: true }, // the event does not bubble
  );
  socket.addEventListener("reacted", ({ detail }) => {
    const element = log.find(detail.seq);
    if (element) log.change(() => showReactions(element, detail.reactions));
  });
}

/** Put a row of reactions in place of the menu's link to their page. */
function offerEmoji(panel, isAllowed) {
  const link = panel.querySelector("[data-action=react]");
  if (!link) return;
  panel.querySelector(".emoji-row")?.remove();
  link.hidden = true;
  if (!isAllowed) return;
  const buttons = EMOJI.map((emoji) => buildButton(emoji, null, { "data-emoji": emoji, "aria-label": gettext("Reagir com %s", [emoji]) }));
  panel.prepend(build("div", { className: "emoji-row", role: "group", "aria-label": gettext("Reagir") }, ...buttons));
}
