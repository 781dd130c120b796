// Values in localStorage or sessionStorage; a browser that refuses storage forgets them with the page.

/** Return a stored string, null when there is none. */
export function readText(key, storage = "localStorage") {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

/** Store a string; null removes it. Returns whether the browser allowed it. */
export function writeText(key, text, storage = "localStorage") {
  try {
    if (text === null) window[storage].removeItem(key);
    else window[storage].setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

/** Return a stored JSON value, `fallback` when there is none, it is not JSON, or `isValid` rejects it. */
export function readStored(key, fallback, { storage = "localStorage", isValid = () => true } = {}) {
  try {
    const value = JSON.parse(readText(key, storage));
    return value !== null && isValid(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

/** Store a value as JSON; null removes it. Returns whether the browser allowed it. */
export function writeStored(key, value, { storage = "localStorage" } = {}) {
  return writeText(key, value === null ? null : JSON.stringify(value), storage);
}
