// Whether all is well, which store and which models there are, and how many memories.

import { get, text } from "../api.js";
import { barChart } from "../chart.js";
import { address, badge, count, facts, h, plain, section } from "../elements.js";
import { failed, problemText } from "../notices.js";

export const TITLE = "Health";

const STATES = { buffered: "Messages that wait", queue_depth: "Tasks that wait", running: "Tasks under way", failed: "Failed tasks" };

export async function show({ user, session, signal }) {
  const [ready, version] = await Promise.all([
    get("health/ready", {}, signal).then(() => null, (error) => error), get("version", {}, signal),
  ]);
  // Counting all memories can take a moment; what is known already is not kept waiting.
  const numbers = h("div", { class: "stack" }, h("p", { class: "loading" }, "Counting …"));
  const models = h("div", {}, h("p", { class: "loading" }, "Loading …"));
  get("v1/statistics", { user_id: user }, signal).then((found) => {
    models.replaceChildren(facts([["Store", found.store], ["Embedder", found.embedder], ["Facts are extracted by", found.extractor]]));
    numbers.replaceChildren(...statistics(found, user));
  }).catch((error) => {
    if (error.name === "AbortError") return;
    numbers.replaceChildren();
    models.replaceChildren(h("p", { class: "problem" }, problemText(error)));
  });
  return h("div", { class: "stack" },
    section("Server",
      h("p", { class: "row" }, ready === null ? badge("ready", "good") : badge("not ready", "bad"), ready && h("span", {}, problemText(ready))),
      facts([["Version", version.version], ["Key", session.id === null ? "none is needed on this machine" : `${session.name || session.id}, may ${session.may}`]])),
    section("Store and models", models),
    session.mayAll && section("Work in the background", await work(signal)),
    numbers);
}

/** The gauges of /metrics that are about background work. */
async function work(signal) {
  try {
    const lines = (await text("metrics", signal)).split("\n");
    const gauges = new Map(lines.map((line) => /^powermem_tasks\{.*state="(\w+)".*\} (\S+)$/.exec(line)).filter(Boolean)
      .map((match) => [match[1], Number(match[2])]));
    return facts([...Object.entries(STATES).map(([state, label]) => [label, plain(gauges.get(state) ?? 0)]),
      ["", h("a", { href: address("tasks") }, "See the tasks")]]);
  } catch (error) {
    failed(error);
    return h("p", { class: "quiet" }, "It cannot be read now.");
  }
}

function statistics(found, user) {
  const days = lastDays(found.growth_trend, 30);
  const shares = (title, counts) => Object.keys(counts).length > 0
    && section(title, bars(Object.entries(counts).sort(([, one], [, other]) => other - one).slice(0, 12)));
  return [
    section(user ? `Memories of ${user}` : "Memories",
      h("p", { class: "figure-value" }, plain(found.total_memories)),
      found.total_memories > 0 && [h("p", { class: "quiet" }, "stored by day"), barChart(days, [["stored", "Stored"]], null)]),
    h("div", { class: "charts" },
      shares("Age", found.age_distribution), shares("Types", found.by_type), shares("Categories", found.by_category), shares("Tags", found.by_tag)),
    found.top_accessed.length > 0 && section("Returned most", h("ol", { class: "tops" }, found.top_accessed.map((each) =>
      h("li", {}, h("a", { href: address("memories", each.id) }, each.content), h("span", { class: "quiet" }, count(each.access_count, "time")))))),
  ].filter(Boolean);
}

function bars(pairs) {
  const most = Math.max(1, ...pairs.map(([, number]) => number));
  return h("ul", { class: "shares" }, pairs.map(([name, number]) => {
    const bar = h("span", { class: "meter-fill" });
    bar.style.setProperty("--share", number / most);
    return h("li", {}, h("span", {}, name), h("span", { class: "meter", "aria-hidden": "true" }, bar), h("span", { class: "number" }, plain(number)));
  }));
}

function lastDays(trend, number) {
  const today = new Date();
  return Array.from({ length: number }, (_, place) => {
    const day = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - (number - 1 - place)));
    const name = day.toISOString().slice(0, 10);
    return { day: name, stored: trend[name] ?? 0 };
  });
}
