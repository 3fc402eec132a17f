// What took the place of what.

import { address, badge, h, time } from "./elements.js";

/** A memory and all whose place it has taken, the latest first; `here` is the id of the one that is looked at. */
export function chain(line, here = null) {
  return h("ol", { class: "chain" }, line.map((memory) => h("li", { class: memory.valid_to === null ? "holds" : "held" },
    h("p", { class: "line" }, span(memory), memory.id === here && badge("this one")),
    memory.id === here
      ? h("p", { class: "chain-text" }, memory.memory)
      : h("a", { class: "chain-text", href: address("memories", memory.id) }, memory.memory))));
}

export function span(memory) {
  return memory.valid_to === null
    ? h("span", {}, "since ", time(memory.valid_from, "day"))
    : h("span", {}, time(memory.valid_from, "day"), " – ", time(memory.valid_to, "day"));
}
