// The list of rooms: live prices in the chips, which are links without scripts.
import { attachChips } from "../market/chips.js";

const page = document.querySelector("[data-chips]");
attachChips(page, { room: "forum", bar: document.querySelector("[data-market-status]") });
