// Find and filter memories.

import { get, post } from "../api.js";
import { address, choice, count, empty, field, h } from "../elements.js";
import { memoryItem } from "../memories.js";
import { pagedList } from "../pages.js";

export const TITLE = "Memories";

const PAGE = 50;
const FOUND = 30;
const SORTS = [
  ["created_at desc", "stored last"], ["created_at asc", "stored first"], ["updated_at desc", "changed last"],
  ["valid_from desc", "true since last"], ["valid_from asc", "true since first"],
];
const FILTERS = ["agent", "run", "type", "since", "until", "as_of", "filter"];

export async function show({ query, user, session, signal }) {
  const form = searchForm(query, user);
  const told = h("p", { class: "told", role: "status" });
  const options = { mayWrite: session.mayWrite, whose: true };
  const list = query.q
    ? await found(query, user, options, signal, told)
    : await listed(query, user, options, signal, told);
  return [form, told, list];
}

async function found(query, user, options, signal, told) {
  const answer = await post("v1/search", {
    query: query.q, ...scope(query, user), filters: filters(query), as_of: query.as_of || null,
    include_expired: query.expired === "yes", limit: FOUND, explain: true,
  }, signal);
  const seconds = answer.usage.seconds;
  told.replaceChildren(`${count(answer.results.length, "memory", "memories")}, best first, in ${Math.round(seconds * 1000)} ms`);
  if (answer.warnings) told.append(h("span", { class: "warning" }, answer.warnings.join("; ")));
  if (!answer.results.length) return empty("Nothing was found.", "Other words may help, or fewer filters.");
  return h("ul", { class: "list", "aria-label": "Found memories" }, answer.results.map((hit) => memoryItem(hit, options)));
}

function listed(query, user, options, signal, told) {
  // Ids sort by the time of storing, and need no index where there is no user.
  const [sort_by, order] = (query.sort || (user ? SORTS[0][0] : "id desc")).split(" ");
  const asked = { ...scope(query, user), filters: JSON.stringify(filters(query)) ?? "", as_of: query.as_of, sort_by, order, limit: PAGE };
  return pagedList(
    (cursor) => get("v1/memories", { ...asked, cursor }, signal),
    (record) => memoryItem(record, options),
    {
      label: "Memories",
      told: (total) => told.replaceChildren(count(total, "memory", "memories")),
      nothing: () => narrowed(query) || user
        ? empty("No memory is like that.", "Change the filters, or choose another user.")
        : empty("Nothing is remembered yet.", "Whatever programs add at /v1/memories, over MCP or with the library appears here."),
    });
}

const narrowed = (query) => FILTERS.some((name) => query[name]);

const scope = (query, user) => ({ user_id: user || null, agent_id: query.agent || null, run_id: query.run || null });

/** The filter that the fields of the form make together; `undefined` without any. */
function filters(query) {
  const all = [];
  if (query.type) all.push({ memory_type: query.type });
  if (query.since) all.push({ valid_from: { gte: query.since } });
  if (query.until) all.push({ valid_from: { lt: dayAfter(query.until) } });
  if (query.filter) all.push(readFilter(query.filter));
  if (!all.length) return undefined;
  return all.length === 1 ? all[0] : { AND: all };
}

function readFilter(text) {
  try {
    return JSON.parse(text);
  } catch {
    const error = new Error("The filter is no JSON, such as {\"topic\": \"travel\"}.");
    error.advice = "docs/filters.md has the operators.";
    throw error;
  }
}

function dayAfter(day) {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

function searchForm(query, user) {
  const text = (name, placeholder = "") => h("input", { name, value: query[name] ?? "", placeholder, autocomplete: "off" });
  const day = (name) => h("input", { name, type: "date", value: query[name] ?? "" });
  const form = h("form", {
    class: "search", role: "search",
    on: {
      submit: (event) => {
        event.preventDefault();
        const given = Object.fromEntries(new FormData(form));
        const next = address("memories", null, { user, ...given });
        if (next === location.hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
        else location.hash = next;
      },
    },
  },
  h("div", { class: "search-line" },
    h("input", {
      type: "search", name: "q", value: query.q ?? "", autocomplete: "off", "aria-label": "Search",
      placeholder: "What do you want to know?",
    }),
    h("button", { class: "main" }, "Search")),
  h("details", { open: narrowed(query) || query.sort ? true : false },
    h("summary", {}, "Filters and order"),
    h("div", { class: "fields" },
      field("Agent", text("agent")), field("Run", text("run")), field("Type", text("type", "such as fact")),
      field("True since, from", day("since")), field("to", day("until")),
      field("As it was on", day("as_of")),
      field("Order of the list", choice(SORTS, query.sort || SORTS[0][0], { name: "sort" })),
      field("Expired too", choice([["", "no"], ["yes", "yes, in a search"]], query.expired ?? "", { name: "expired" })),
      field("Filter", text("filter", '{"topic": "travel"}'), "as JSON, of metadata and fields")),
    h("p", { class: "row" }, h("button", {}, "Apply"), h("a", { href: address("memories", null, { user }) }, "Clear all"))));
  // The default order need not stand in the address.
  form.addEventListener("formdata", (event) => {
    if (event.formData.get("sort") === SORTS[0][0]) event.formData.set("sort", "");
  });
  return form;
}
