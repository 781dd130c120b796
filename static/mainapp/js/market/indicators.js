// Indicators of a chart from closing prices; null where there are too few values.

/** Return the simple moving average of the last `period` values at each place. */
export function sma(values, period) {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= period ? values[i - period] : 0);
    return i + 1 >= period ? sum / period : null;
  });
}

/** Return the exponential moving average, which begins with the simple one of the first `period` values. */
export function ema(values, period) {
  const weight = 2 / (period + 1);
  const first = values.findIndex((value) => value !== null);
  let sum = 0;
  let average = null;
  return values.map((value, i) => {
    const count = i - first + 1;
    if (value === null || count < 1) return null;
    if (count <= period) sum += value;
    if (count < period) return null;
    average = count === period ? sum / period : average + (value - average) * weight;
    return average;
  });
}

/** Return Wilder's relative strength index, 0–100, at each place. */
export function rsi(values, period = 14) {
  const result = values.map(() => null);
  let gain = 0;
  let loss = 0;
  for (let i = 1; i < values.length; i += 1) {
    const change = values[i] - values[i - 1];
    const up = Math.max(change, 0);
    const down = Math.max(-change, 0);
    if (i <= period) {
      gain += up / period;
      loss += down / period;
    } else {
      gain = (gain * (period - 1) + up) / period;
      loss = (loss * (period - 1) + down) / period;
    }
    if (i >= period) result[i] = strength(gain, loss);
  }
  return result;
}

function strength(gain, loss) {
  if (loss === 0) return gain === 0 ? 50 : 100;
  return 100 - 100 / (1 + gain / loss);
}

/** Return {middle, upper, lower} of Bollinger's bands: `width` population deviations around the mean. */
export function bollinger(values, period = 20, width = 2) {
  const middle = sma(values, period);
  const deviation = middle.map((mean, i) => {
    if (mean === null) return null;
    const window = values.slice(i + 1 - period, i + 1);
    return Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / period);
  });
  return {
    middle,
    upper: middle.map((mean, i) => (mean === null ? null : mean + width * deviation[i])),
    lower: middle.map((mean, i) => (mean === null ? null : mean - width * deviation[i])),
  };
}

/** Return {macd, signal, histogram}: the distance of two exponential averages, and its own average. */
export function macd(values, fast = 12, slow = 26, smoothing = 9) {
  const [short, long] = [ema(values, fast), ema(values, slow)];
  const distance = long.map((value, i) => (value === null || short[i] === null ? null : short[i] - value));
  const signal = ema(distance, smoothing);
  const histogram = signal.map((value, i) => (value === null ? null : distance[i] - value));
  return { macd: distance, signal, histogram };
}

/** Return a value's change from `base` in percent; the value itself without a base. */
export function percentChange(value, base) {
  return base === null ? value : (value / base - 1) * 100;
}
