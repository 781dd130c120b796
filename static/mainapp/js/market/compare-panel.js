// The popover in which papers are chosen to be compared with a chart.
import { build, buildButton, part } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { MAX_OTHERS } from "./comparison.js";

/** Attach the panel; `read()` returns the compared symbols, `change(symbols)` compares others. */
export function attachComparePanel(panel, { symbol, index, read, change }) {
  const list = part(panel, "other-list");
  const form = part(panel, "other-form");
  const input = form.querySelector("input");

  function replace(symbols) {
    change(symbols);
    render();
  }

  function add(text) {
    const other = text.trim().toUpperCase();
    if (!/^[A-Z0-9]{4,12}$/.test(other) || other === symbol || read().includes(other)) return;
    replace([...read(), other].slice(-MAX_OTHERS));
    input.value = "";
  }

  function render() {
    const others = read();
    const items = others.map((other) => {
      const removing = gettext("Remover %(symbol)s da comparação", { symbol: other });
      const attributes = { className: "icon-button", "aria-label": removing };
      const button = buildButton("×", () => replace(read().filter((each) => each !== other)), attributes);
      return build("div", { className: "study" }, build("b", {}, other), button);
    });
    if (symbol !== index && !others.includes(index)) {
      items.push(buildButton(gettext("Comparar com o Ibovespa"), () => add(index), { className: "menu-item" }));
    }
    list.replaceChildren(...items);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(input.value);
  });
  input.addEventListener("stockchosen", ({ detail }) => add(detail.symbol));
  render();
}
