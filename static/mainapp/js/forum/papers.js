// A `$code` unfolds: below the message that names a paper, a line with its live price and its day. The server
// renders those of the page by the same rules (mainapp/forum/selectors/lines.py).
import { build, part } from "../core/dom.js";
import { QuoteLines } from "../market/quote-lines.js";

const MAX_LINES = 2; // a message
const NEARBY = 12; // messages: the paper was unfolded just above
const BATCH_MS = 300;

/** Keep the unfolded papers in `list` up to date. Returns a function that unfolds those of added messages. */
export function attachPapers(root, { list, socket }) {
  const template = part(root, "paper");
  const lines = new QuoteLines(list, { socket, candlesUrl: root.dataset.candles });
  let timer = null;

  function unfold(elements) {
    for (const element of elements) {
      part(element, "papers")?.remove();
      const symbols = symbolsIn(element).filter((symbol) => !isAbove(element, symbol));
      if (symbols.length) addLines(element, symbols.slice(0, MAX_LINES));
    }
  }

  function addLines(element, symbols) {
    const box = build("ul", { className: "msg-papers", "data-part": "papers" });
    for (const symbol of symbols) {
      const quote = socket.quotes.get(symbol);
      const line = lines.build(template, symbol, quote ?? {});
      if (quote?.price) lines.fill(line, symbol, quote);
      box.append(line);
    }
    element.querySelector(".msg-text").after(box);
  }

  /** Messages come in batches: one request for the days of all their papers. */
  function drawSoon() {
    timer ??= setTimeout(async () => {
      timer = null;
      if (!lines.symbols.size) return;
      await lines.loadPoints();
      update([...lines.symbols]);
    }, BATCH_MS);
  }

  function update(symbols) {
    const quotes = symbols.map((symbol) => [symbol, socket.quotes.get(symbol)]);
    lines.update(new Map(quotes.filter(([, quote]) => quote?.price)));
  }

  socket.addEventListener("quotes", ({ detail }) => update([...detail.changes.keys()]));
  drawSoon();
  return (elements, { isRendered = false } = {}) => {
    if (!isRendered) unfold(elements);
    if (elements.some((element) => part(element, "papers"))) drawSoon();
  };
}

/** Return the papers that a message names, each once; not those of its quotes. */
function symbolsIn(element) {
  if (element.matches(".deleted, .folded, .pending")) return [];
  const chips = [...element.querySelectorAll(".msg-body .chip[data-symbol]")];
  return [...new Set(chips.filter((chip) => !chip.closest("blockquote")).map(({ dataset }) => dataset.symbol))];
}

function isAbove(element, symbol) {
  let before = element.previousElementSibling;
  for (let n = 0; before && n < NEARBY; before = before.previousElementSibling) {
    if (!before.classList.contains("msg")) continue;
    n += 1;
    if (before.querySelector(`.msg-papers [data-symbol="${CSS.escape(symbol)}"]`)) return true;
  }
  return false;
}
