// The form of an idea: the live price of its stock, against which target and stop are chosen.
import { FieldQuote } from "../market/field-quote.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";

const CODE = /^[A-Z0-9]{4,12}$/;

const now = document.querySelector('[data-part="now"]');
const input = document.querySelector("input[data-autocomplete='stock']"); // not in the form of a waiting idea
const socket = new StockSocket({ room: "ideas" });
const shown = new FieldQuote(now, socket);

function follow() {
  const symbol = input ? input.value.trim().toUpperCase() : now.dataset.symbol;
  shown.follow(CODE.test(symbol) ? symbol : "");
}

attachStatus(document.querySelector("[data-market-status]"), socket);
input?.addEventListener("change", follow);
follow();
socket.start();
