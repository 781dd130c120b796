// The theme's colours, for drawings that style sheets cannot style.
const NAMES = ["up", "down", "ink", "ink-2", "line", "card", "accent", "series-2", "series-3", "amber-line"];

/** Return the colours of the current theme by their names. */
export function themeColors() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Return a colour of rgb(…) with another opacity. */
export function withAlpha(color, alpha) {
  const [r, g, b] = color.match(/[\d.]+/g) ?? [128, 128, 128];
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}
