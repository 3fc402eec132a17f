// Why a memory was recalled: the parts of its score.

import { h, percent } from "./elements.js";

const MEANINGS = {
  vectors: ["Meaning", "how close its meaning is to that of the query"],
  words: ["Words", "the words of the query that it has, rare ones more"],
  coverage: ["Words nearby", "words of the query in the turns beside it"],
  neighbour: ["Neighbours", "how well the turns beside it answer"],
  length: ["Length", "long texts contain many words of any query"],
  role: ["Role", "whether the assistant said it"],
  speaker: ["Speaker", "whether the query names who said it"],
  asking: ["Question", "whether it asks rather than tells"],
  moment: ["Time told", "whether it tells a time, where one is asked for"],
  period: ["Period", "whether it lies in the period of the query"],
  own: ["First person", "whether it is about who asks"],
  phrase: ["Quotation", "whether it has the words in quotation marks"],
  recency: ["Recent", "of equally good memories the newer comes first"],
  prior: ["Starting point", "before any signal: how rarely one of so many memories is the answer"],
};
const MEASURES = {
  dense: "Cosine of the vectors",
  lexical: "Full text score",
  dense_rank: "Place by vectors alone",
  lexical_rank: "Place by words alone",
  fused: "Score before the reranker",
  rerank: "Score of the reranker",
};

const logOdds = (share) => Math.log(share / (1 - share));

/** The score, as a number and as a bar. */
export function scoreMeter(score) {
  const bar = h("span", { class: "meter-fill" });
  bar.style.setProperty("--share", score);
  return h("span", { class: "score", title: "How likely this memory holds the answer" },
    h("strong", {}, percent(score)), h("span", { class: "meter", "aria-hidden": "true" }, bar));
}

/** The parts of a score as bars, to the right what speaks for the memory, to the left what speaks against it. */
export function explanation(score, details) {
  const measured = Object.entries(details).filter(([name]) => name in MEASURES);
  const parts = Object.entries(details).filter(([name, value]) => !(name in MEASURES) && Math.abs(value) >= 0.005);
  parts.sort(([one, a], [other, b]) => (one === "prior") - (other === "prior") || Math.abs(b) - Math.abs(a));
  const widest = Math.max(1, ...parts.map(([, value]) => Math.abs(value)));
  return h("div", { class: "explanation" },
    h("p", { class: "quiet" },
      `The signals of this memory make it ${percent(score)} likely that it holds the answer`,
      score > 0 && score < 1 ? ` (log-odds ${signed(logOdds(score))}).` : "."),
    parts.length > 0 && h("ul", { class: "parts", "aria-label": "Parts of the score" },
      parts.map(([name, value]) => part(name, value, widest))),
    measured.length > 0 && h("dl", { class: "measures" }, measured.map(([name, value]) =>
      h("div", {}, h("dt", {}, MEASURES[name]), h("dd", {}, name.endsWith("_rank") ? String(value) : value.toFixed(3))))));
}

function part(name, value, widest) {
  const [label, meaning] = MEANINGS[name] ?? [name, ""];
  const bar = h("span", { class: `part-bar ${value < 0 ? "against" : "for"}` });
  bar.style.setProperty("--share", Math.abs(value) / widest);
  return h("li", {},
    h("span", { class: "part-name" }, label, meaning && h("small", {}, meaning)),
    h("span", { class: "part-track", "aria-hidden": "true" }, bar),
    h("span", { class: "part-value" }, signed(value)));
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
