/* The list of rooms: live prices in the chips. Without this they are links. */
import { attachChips } from "../market/chips.js";

const page = document.querySelector("[data-chips]");
attachChips(page, { room: "forum", bar: document.querySelector("[data-market-status]") });
