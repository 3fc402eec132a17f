// Who has memories.

import { get } from "../api.js";
import { address, count, empty, h } from "../elements.js";
import { pagedList } from "../pages.js";

export const TITLE = "Users";

const PAGE = 100;

export async function show({ session, signal }) {
  const told = h("p", { class: "told", role: "status" });
  const list = await users(session, signal, told, (user) => h("li", { class: "user" },
    h("a", { class: "user-name", href: address("memories", null, { user }) }, user),
    h("span", { class: "row" },
      h("a", { href: address("timeline", null, { user }), "aria-label": `Timeline of ${user}` }, "Timeline"),
      h("a", { href: address("tasks", null, { user }), "aria-label": `Tasks of ${user}` }, "Tasks"))));
  return [told, list];
}

/** Let somebody choose a user for a view that is about one. */
export async function chooseUser(view, session, signal, question) {
  const told = h("p", { class: "told", role: "status" });
  const list = await users(session, signal, told, (user) =>
    h("li", { class: "user" }, h("a", { class: "user-name", href: address(view, null, { user }) }, user)));
  return [h("p", { class: "question" }, question), told, list];
}

function users(session, signal, told, item) {
  return pagedList((cursor) => get("v1/users", { limit: PAGE, cursor }, signal), item, {
    label: "Users",
    told: (total) => told.replaceChildren(count(total, "user")),
    nothing: () => empty("No user has memories yet."),
  });
}
