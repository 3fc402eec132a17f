// Tokens, calls and cost by day, against the budget.

import { get } from "../api.js";
import { barChart } from "../chart.js";
import { choice, address, empty, field, h, money, plain, section } from "../elements.js";

export const TITLE = "Usage";

const DAYS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];
const KINDS = [
  ["Tokens", "llm_tokens", [["prompt_tokens", "Prompts"], ["completion_tokens", "Answers"]]],
  ["Calls of the language model", "llm_calls", [["llm_calls", "Calls"]]],
  ["Embedded texts", "embedded_texts", [["embedded_texts", "Texts"]]],
];

export async function show({ query, session, signal }) {
  if (!session.mayAll) return empty("This key does not see the usage.", "It is that of all users together, so it needs a key that may do everything.");
  const usage = await get("v1/usage", { days: query.days || "30" }, signal);
  const days = usage.days;
  const choose = choice(DAYS, query.days || "30", { name: "days" });
  choose.addEventListener("change", () => { location.hash = address("usage", null, { days: choose.value }); });
  const form = h("div", { class: "row day-form" }, field("Last", choose));
  if (days.every((day) => day.llm_calls + day.embedded_texts === 0)) {
    return [form, today(usage), empty("No model was asked yet.", "What language models and embedders do is counted from now on, by day in UTC.")];
  }
  const charts = KINDS.map(([title, budget, parts]) => section(title, barChart(days, parts, usage.budget[budget])));
  if (usage.prices) charts.push(section("Cost", barChart(days, [["cost", "Cost"]], null)));
  return [form, today(usage), h("div", { class: "charts" }, charts), section("By day", table(usage))];
}

function today(usage) {
  const day = usage.days.at(-1);
  const cards = [
    ["Tokens today", day.prompt_tokens + day.completion_tokens, usage.budget.llm_tokens],
    ["Calls today", day.llm_calls, usage.budget.llm_calls],
    ["Texts embedded today", day.embedded_texts, usage.budget.embedded_texts],
  ].map(([label, used, limit]) => figure(label, plain(used), used, limit));
  cards.push(usage.prices
    ? figure("Cost today", money(day.cost))
    : figure("Cost today", "–", 0, null, "set budget.prompt_price and completion_price"));
  return h("div", { class: "figures" }, cards);
}

function figure(label, value, used = 0, limit = null, hint = "") {
  const bar = h("span", { class: `meter-fill ${limit && used >= limit ? "over" : ""}` });
  if (limit) bar.style.setProperty("--share", Math.min(1, used / limit));
  return h("div", { class: "card figure" },
    h("p", { class: "quiet" }, label), h("p", { class: "figure-value" }, value),
    limit ? [h("span", { class: "meter", "aria-hidden": "true" }, bar), h("p", { class: "quiet" }, `of ${plain(limit)} a day`)]
      : h("p", { class: "quiet" }, hint || (label.startsWith("Cost") ? "" : "no budget is set")));
}

function table(usage) {
  const columns = [
    ["Calls", (day) => plain(day.llm_calls)], ["Tokens of prompts", (day) => plain(day.prompt_tokens)],
    ["Tokens of answers", (day) => plain(day.completion_tokens)], ["Texts embedded", (day) => plain(day.embedded_texts)],
  ];
  if (usage.prices) columns.push(["Cost", (day) => money(day.cost)]);
  const used = usage.days.filter((day) => day.llm_calls + day.embedded_texts > 0).reverse();
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Usage by day" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Day (UTC)"), columns.map(([name]) => h("th", { scope: "col", class: "number" }, name)))),
    h("tbody", {}, used.map((day) => h("tr", {}, h("th", { scope: "row" }, day.day),
      columns.map(([, cell]) => h("td", { class: "number" }, cell(day))))))));
}
