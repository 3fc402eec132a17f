// What was true of a user when, and what took the place of what.

import { get } from "../api.js";
import { address, count, dayOf, empty, field, h } from "../elements.js";
import { marks } from "../memories.js";
import { pagedList } from "../pages.js";
import { chain } from "../succession.js";
import { chooseUser } from "./users.js";

export const TITLE = "Timeline";

const PAGE = 50;

export async function show({ query, user, session, signal, heading }) {
  if (!user) return chooseUser("timeline", session, signal, "Whose timeline?");
  heading.textContent = `Timeline of ${user}`;
  const told = h("p", { class: "told", role: "status" });
  let day = "";
  const list = await pagedList(
    (cursor) => get("v1/memories", {
      user_id: user, sort_by: "valid_from", order: "desc", history: true, as_of: query.as_of, limit: PAGE, cursor,
    }, signal),
    (memory, page) => {
      const own = dayOf(memory.valid_from);
      const begins = own !== day;
      day = own;
      return item(memory, page.earlier[memory.id] ?? [], begins ? own : "");
    },
    {
      label: `Timeline of ${user}`,
      told: (total) => told.replaceChildren(`${count(total, "memory", "memories")} ${query.as_of ? "held then" : "hold now"}, the newest first`),
      nothing: () => empty(`Nothing is remembered of ${user}${query.as_of ? " at that time" : ""}.`),
    });
  list.classList.add("timeline");
  return [dayForm(query, user), told, list];
}

function item(memory, earlier, day) {
  return h("li", { class: day ? "moment begins" : "moment" },
    h("p", { class: "day" }, day),
    h("div", { class: "event" },
      h("a", { class: "memory-text", href: address("memories", memory.id) }, memory.memory),
      marks(memory),
      earlier.length > 0 && h("div", { class: "took" }, h("p", { class: "quiet" }, "took the place of"), chain(earlier))));
}

function dayForm(query, user) {
  const day = h("input", { type: "date", name: "as_of", value: query.as_of ?? "" });
  return h("form", {
    class: "row day-form",
    on: {
      submit: (event) => {
        event.preventDefault();
        location.hash = address("timeline", null, { user, as_of: day.value });
      },
    },
  }, field("As it was on", day), h("button", {}, "Show"),
  query.as_of && h("a", { href: address("timeline", null, { user }) }, "Back to now"));
}
