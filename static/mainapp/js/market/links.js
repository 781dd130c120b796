// Addresses of pages about one stock.

/** Return the address of a stock's page, `paper` on the server. */
export function stockUrl(symbol) {
  return `/ativo/${encodeURIComponent(symbol)}/`;
}
