// The distance of a price from a limit, in the words and by the measure of rendering.py.
import { gettext } from "../core/i18n.js";
import { brlPrice, CENTS, decimal, fromUnits, pct, percent, placesOf, toUnits } from "../core/number.js";

const INDEX = "IBOV";
const FAR_PCT = 5; // of the price, as in rendering.py
const FAR_POINTS = 200; // hundredths of a change of the day

/** Return "faltam R$ 1,24 (3,33%)", or that the limit is reached or passed. */
export function distanceText(kind, limit, quote) {
  const isPct = kind.endsWith("pct");
  const places = isPct ? CENTS : Math.max(placesOf(quote.price), placesOf(limit));
  const value = toUnits(isPct ? quote.change_pct : quote.price, places);
  if (value === null) return gettext("sem fechamento anterior");
  const remaining = remainingTo(kind, toUnits(limit, places), value);
  if (remaining === 0n) return gettext("no limite");
  const size = remaining < 0n ? -remaining : remaining;
  const distance = isPct
    ? gettext("%(points)s p.p.", { points: decimal(fromUnits(size)) })
    : priceDistance(size, value, { symbol: quote.symbol, places });
  return remaining > 0n
    ? gettext("faltam %(distance)s", { distance })
    : gettext("já passou %(distance)s", { distance });
}

/** Return how near the price is to a limit: 100 at the limit or beyond, 0 far from it; null if unknown. */
export function nearness(kind, limit, quote) {
  const isPct = kind.endsWith("pct");
  const places = isPct ? CENTS : Math.max(placesOf(quote.price), placesOf(limit));
  const value = toUnits(isPct ? quote.change_pct : quote.price, places);
  if (value === null) return null;
  const remaining = Number(remainingTo(kind, toUnits(limit, places), value));
  const far = isPct ? FAR_POINTS : (Number(value) * FAR_PCT) / 100;
  return Math.ceil(Math.min(Math.max(100 - (remaining * 100) / far, 0), 100));
}

function priceDistance(size, value, { symbol, places }) {
  const amount = fromUnits(size, places);
  const share = pct(fromUnits(percent(size, value)), { signed: false });
  const money = symbol === INDEX ? gettext("%(points)s pontos", { points: decimal(amount) }) : brlPrice(amount);
  return `${money} (${share})`;
}

/** Return how far the value is from reaching the limit; negative beyond it. */
function remainingTo(kind, limit, value) {
  if (kind === "compra") return value - limit;
  if (kind === "change_down_pct") return limit + value;
  return limit - value;
}
