// A memory as lists show it.

import { forget, hideLeaving } from "./changes.js";
import { address, badge, button, h, shortened, time } from "./elements.js";
import { explanation, scoreMeter } from "./score.js";

export function owner(memory) {
  return [memory.user_id, memory.agent_id && `agent ${memory.agent_id}`, memory.run_id && `run ${memory.run_id}`]
    .filter(Boolean).join(" · ");
}

export function marks(memory) {
  const names = [...(memory.categories ?? []), ...(memory.tags ?? [])];
  return names.length > 0 && h("span", { class: "marks" }, [...new Set(names)].map((name) => badge(name, "mark")));
}

/** One item of a list; `mayWrite` says whether the key may forget it. */
export function memoryItem(memory, { mayWrite, whose = true }) {
  const line = h("div", { class: "line" },
    whose && owner(memory) && h("span", {}, owner(memory)),
    h("span", {}, "holds since ", time(memory.valid_from, "day")),
    memory.memory_type && h("span", {}, memory.memory_type),
    memory.expires_at && h("span", {}, "expires ", time(memory.expires_at, "day")));
  const look = {
    hide: () => { item.hidden = true; },
    restore: () => {
      item.hidden = false;
      // The button that undid it took the focus with it; but nobody who types elsewhere is disturbed.
      if (document.activeElement === document.body) item.querySelector("a").focus();
    },
  };
  const item = h("li", { class: "memory", "data-id": memory.id },
    h("div", { class: "memory-head" },
      h("a", { class: "memory-text", href: address("memories", memory.id) }, memory.memory),
      memory.score !== undefined && scoreMeter(memory.score)),
    h("div", { class: "memory-foot" },
      line, marks(memory),
      mayWrite && button("Forget", () => forget(memory, look), { class: "quiet-button", "aria-label": `Forget: ${shortened(memory.memory)}` })),
    memory.score_details && h("details", { class: "why" },
      h("summary", {}, "Why was this recalled?"), explanation(memory.score, memory.score_details)));
  hideLeaving(memory.id, look);
  return item;
}
