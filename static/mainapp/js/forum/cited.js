// The list of the stocks that a conversation names, the newest first.
import { build } from "../core/dom.js";
import { stockUrl } from "../market/links.js";

const MAX_ROWS = 12;

/**
 * List the stocks of the messages in `log` inside `box`, which stays hidden while there is none.
 *
 * Returns `show(elements)` for messages that are added later: it returns the new rows.
 */
export function attachCited(box, log) {
  const list = box.querySelector("[data-part=cited]");

  function show(elements, { isNewest = true } = {}) {
    const symbols = new Set(elements.flatMap((element) => symbolsIn(element)));
    const rows = [...symbols].filter((symbol) => !find(list, symbol)).map(buildRow);
    if (isNewest) list.prepend(...rows.reverse());
    else list.append(...rows);
    for (const row of [...list.children].slice(MAX_ROWS)) row.remove();
    box.hidden = list.childElementCount === 0;
    return rows;
  }

  show([...log.querySelectorAll(".msg")].reverse(), { isNewest: false });
  return show;
}

function symbolsIn(element) {
  return [...element.querySelectorAll(".msg-body .chip[data-symbol]")].map(({ dataset }) => dataset.symbol);
}

function find(list, symbol) {
  return list.querySelector(`[data-symbol="${CSS.escape(symbol)}"]`);
}

function buildRow(symbol) {
  const fields = ["price", "change_pct"].map((name) => build("span", { "data-field": name }));
  const attributes = { className: "chip", href: stockUrl(symbol), "data-symbol": symbol };
  return build("li", {}, build("a", attributes, build("strong", {}, symbol), ...fields));
}
