// The value of the reader's position on the page of a paper.
import { part, setDirection, setText } from "../core/dom.js";
import { brl, direction, fromUnits } from "../core/number.js";
import { Portfolio } from "./valuation.js";

const root = document.querySelector("[data-paper]");
const box = root.querySelector("[data-position]");
const { symbol } = root.dataset;
const holding = { symbol, quantidade: box.dataset.quantity, preco_medio: box.dataset.average, nota: 0 };
const portfolio = new Portfolio([holding]);

root.addEventListener("quote", ({ detail }) => {
  portfolio.set(symbol, detail);
  const { total, result } = portfolio.rows.get(symbol);
  if (total === null) return;
  setText(part(box, "position-total"), brl(fromUnits(total)));
  setText(part(box, "position-result"), brl(fromUnits(result), { signed: true }));
  setDirection(part(box, "position-result"), direction(fromUnits(result)));
});
