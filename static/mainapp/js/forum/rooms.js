// The list of rooms: live prices in the chips, which are links without scripts, and unread counts.
import { attachChips } from "../market/chips.js";
import { SeenMessages, showUnseen } from "./seen.js";

const page = document.querySelector("[data-chips]");
attachChips(page, { room: "forum", bar: document.querySelector("[data-market-status]") });
showUnseen(page, new SeenMessages(document.body.dataset.member ?? null));
