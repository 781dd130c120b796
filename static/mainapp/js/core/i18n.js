// The page's language and its message catalogue (/jsi18n/); without a catalogue messages stay as they are.

export const LANGUAGE = document.documentElement.lang === "en" ? "en" : "pt-BR";

/** Translate; `%(name)s` takes a value by its name, `%s` the next of an array. */
export function gettext(text, values = {}) {
  return fill(globalThis.gettext?.(text) ?? text, values);
}

/** Translate a message with a plural; its `%s` is the count. */
export function ngettext(singular, plural, count) {
  const fallback = count === 1 ? singular : plural;
  return fill(globalThis.ngettext?.(singular, plural, count) ?? fallback, [count]);
}

/** Return a user's text for use in a sentence, isolated so that its direction affects nothing else. */
export function isolated(text) {
  const plain = text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  return `\u2068${plain}\u2069`;
}

function fill(text, values) {
  if (!Array.isArray(values)) return text.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
  const remaining = [...values];
  return text.replace(/%s/g, () => remaining.shift());
}
