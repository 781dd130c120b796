// The tracker's map: the stocks of a list as a treemap, with live colours.
import { part, readJson } from "../core/dom.js";
import { attachChat } from "./chat.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";
import { Treemap } from "./treemap.js";

const root = document.querySelector("[data-tracker]");
const figure = root.querySelector("[data-treemap]");
const treemap = figure ? new Treemap(figure) : null;
const socket = new StockSocket({ room: "track", symbols: readJson("symbols") });

socket.addEventListener("quotes", ({ detail }) => {
  for (const symbol of detail.changes.keys()) treemap?.update(symbol, socket.quotes.get(symbol).change_pct);
});
// Another tab or device changed a list: areas and tiles are those of the server.
socket.addEventListener("lists", () => window.location.reload());

attachStatus(document.querySelector("[data-market-status]"), socket);
attachChat(document.getElementById("chat"), socket, part(root, "unread"));
root.dataset.ready = "";
socket.start();
