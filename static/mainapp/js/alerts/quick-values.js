// Buttons that fill in a limit of an alert by a share of the price.
import { decimal, divide, fromUnits, placesOf, toUnits } from "../core/number.js";

const BUTTONS = "[data-share]";

/** Return a price changed by a whole number of percent, as a decimal string. */
export function quickValue(price, share) {
  const places = placesOf(price);
  return fromUnits(divide(toUnits(price, places) * BigInt(100 + share), 100n), places);
}

/** Enable the buttons once there is a price; `price()` returns it as a decimal string, or null. */
export function enableQuickValues(root, price) {
  for (const button of root.querySelectorAll(BUTTONS)) button.disabled = price() === null;
}

/** Fill in the field of a pressed button. */
export function attachQuickValues(root, price) {
  root.addEventListener("click", ({ target }) => {
    const button = target.closest(BUTTONS);
    if (!button || price() === null) return;
    const input = document.getElementById(button.getAttribute("aria-controls"));
    input.value = decimal(quickValue(price(), Number(button.dataset.share)), placesOf(price()));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  enableQuickValues(root, price);
}
