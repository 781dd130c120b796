// The studies that a reader may add to a chart: their parameters, names and values.
//
// A study is {kind, params}, as it is stored in the browser: {"kind": "sma", "params": [21]}.
import { gettext } from "../core/i18n.js";
import { decimal } from "../core/number.js";
import { bollinger, ema, macd, rsi, sma } from "./indicators.js";

const period = (initial) => ({ name: () => gettext("Período"), initial, min: 2, max: 400 });

/**
 * By kind: its name, its parameters, and `values(closes, params)`, which returns each line's values by name.
 * `own` studies have a pane of their own below the prices.
 */
export const KINDS = {
  sma: {
    label: "MM",
    name: () => gettext("Média móvel simples"),
    params: [period(21)],
    values: (closes, [length]) => ({ line: sma(closes, length) }),
  },
  ema: {
    label: "MME",
    name: () => gettext("Média móvel exponencial"),
    params: [period(9)],
    values: (closes, [length]) => ({ line: ema(closes, length) }),
  },
  bollinger: {
    label: "Bollinger",
    name: () => gettext("Bandas de Bollinger"),
    params: [period(20), { name: () => gettext("Desvios"), initial: 2, min: 0.5, max: 5, step: 0.5 }],
    values: (closes, [length, width]) => bollinger(closes, length, width),
  },
  rsi: {
    label: "IFR",
    name: () => gettext("Índice de força relativa"),
    params: [period(14)],
    isOwn: true,
    values: (closes, [length]) => ({ line: rsi(closes, length) }),
  },
  macd: {
    label: "MACD",
    name: () => "MACD",
    params: [
      { ...period(12), name: () => gettext("Rápida") },
      { ...period(26), name: () => gettext("Lenta") },
      { ...period(9), name: () => gettext("Sinal") },
    ],
    isOwn: true,
    values: (closes, [fast, slow, smoothing]) => macd(closes, fast, slow, smoothing),
  },
};
export const MAX_STUDIES = 6;
export const USUAL_STUDIES = [{ kind: "sma", params: [21] }];

/** Return a new study with the usual parameters. */
export function newStudy(kind) {
  return { kind, params: KINDS[kind].params.map(({ initial }) => initial) };
}

/** Return whether a stored value is a list of studies. */
export function areStudies(value) {
  return Array.isArray(value) && value.length <= MAX_STUDIES && value.every(isStudy);
}

function isStudy(value) {
  const params = Object.hasOwn(KINDS, value?.kind) ? KINDS[value.kind].params : null;
  return (
    params !== null &&
    Array.isArray(value.params) &&
    value.params.length === params.length &&
    params.every((param, i) => accepts(param, value.params[i]))
  );
}

/** Return whether a number is a value of a parameter. */
export function accepts({ min, max, step = 1 }, number) {
  return typeof number === "number" && number >= min && number <= max && Number.isInteger(number / step);
}

/** Return the short name of a study: "MM 21". */
export function studyLabel({ kind, params }) {
  const texts = params.map((param) => decimal(String(param), Number.isInteger(param) ? 0 : 1));
  return `${KINDS[kind].label} ${texts.join(", ")}`;
}

/** Return the lines of studies: {study, index, name, values}, in the order of the studies. */
export function studyLines(studies, closes) {
  return studies.flatMap((study, index) =>
    Object.entries(KINDS[study.kind].values(closes, study.params)).map(([name, values]) => ({
      study,
      index,
      name,
      values,
    })),
  );
}
