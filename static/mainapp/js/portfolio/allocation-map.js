// The treemap of the carteira: changes are live; areas follow the values once a minute, and when a quote comes first.
import { CENTS, fromUnits } from "../core/number.js";
import { Treemap } from "../market/treemap.js";
import { WRITERS } from "./table.js";

const WEIGHTS_MS = 60_000;

export class AllocationMap {
  constructor(figure) {
    this._figure = figure;
    this._treemap = new Treemap(figure);
    this._shown = this._treemap.symbols.join();
    this._weighedAt = performance.now();
  }

  /** Show a Portfolio at its newest quotes. */
  show(portfolio) {
    const rows = [...portfolio.rows.values()];
    if (this._mustWeigh(rows)) this._weigh(rows);
    for (const { holding, day_change_pct: change } of rows) {
      this._treemap.update(holding.symbol, fromUnits(change, CENTS));
    }
  }

  /** Tiles do not move away under the pointer or the focus, but a new holding appears at once. */
  _mustWeigh(rows) {
    if (symbolsOf(rows) !== this._shown) return true;
    const isDue = performance.now() - this._weighedAt > WEIGHTS_MS;
    return isDue && !this._figure.matches(":hover, :focus-within");
  }

  _weigh(rows) {
    this._shown = symbolsOf(rows);
    this._weighedAt = performance.now();
    this._treemap.setWeights(
      new Map(
        rows.map(({ holding, total, actual_pct: share }) => [
          holding.symbol,
          { weight: fromUnits(total ?? 0n), text: WRITERS.share(fromUnits(share, CENTS)) },
        ]),
      ),
    );
  }
}

/** Return the symbols of the rows that are worth something. */
function symbolsOf(rows) {
  const valued = rows.filter(({ total }) => total > 0n);
  return valued.map(({ holding }) => holding.symbol).sort().join();
}
