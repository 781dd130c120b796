// How far a price is from a limit, as rendering.py's distance_text says it.
import { brl, decimal, pct } from "../core/number.js";
import { CENTS, percent, text, units } from "../portfolio/money.js";
import { gettext } from "../market/quotes.js";

const INDEX = "IBOV";

/** Return "faltam R$ 1,24 (3,33%)", or that the limit is reached or passed. */
export function distanceText(kind, limit, quote) {
  const isPct = kind.endsWith("pct");
  const value = units(isPct ? quote.change_pct : quote.price, CENTS);
  if (value === null) return gettext("sem fechamento anterior");
  const far = missing(kind, units(limit, CENTS), value);
  if (far === 0n) return gettext("no limite");
  const size = text(far < 0n ? -far : far, CENTS);
  const distance = isPct
    ? gettext("%(points)s p.p.", { points: decimal(size) })
    : priceDistance(size, far, value, quote.symbol);
  return far > 0n ? gettext("faltam %(distance)s", { distance }) : gettext("passou %(distance)s", { distance });
}

function priceDistance(size, far, value, symbol) {
  const share = pct(text(percent(far < 0n ? -far : far, value), CENTS), { signed: false });
  const money = symbol === INDEX ? gettext("%(points)s pontos", { points: decimal(size) }) : brl(size);
  return `${money} (${share})`;
}

/** Return how much is missing to a limit; negative beyond it. */
function missing(kind, limit, value) {
  if (kind === "compra") return value - limit;
  if (kind === "change_down_pct") return limit + value;
  return limit - value;
}
