// One memory: what happened to it, where it came from, and how to correct or forget it.

import { get, pathOf } from "../api.js";
import { change, forget, hideLeaving } from "../changes.js";
import { address, badge, button, count, empty, facts, field, h, once, section, shortened, time } from "../elements.js";
import { marks } from "../memories.js";
import { failed } from "../notices.js";
import { chain } from "../succession.js";

export const TITLE = "Memory";

const MOST_STEPS = 20;

export async function show({ id, session, signal, again }) {
  const path = pathOf("v1", "memories", id);
  const [memory, history] = await Promise.all([
    get(path, {}, signal).catch(absent), get(`${path}/history`, {}, signal).catch(absent),
  ]);
  if (memory === null && history === null) {
    return empty("There is no such memory.", "It may belong to somebody else, or the address may be wrong.");
  }
  if (memory === null) return forgotten(history.results);
  const [sources, line] = await Promise.all([get(`${path}/sources`, {}, signal), succession(memory, signal)]);
  const body = h("div", { class: "stack" });
  body.append(
    whole(memory, session, again),
    section("What took the place of what", line.length > 1
      ? chain(line, memory.id) : h("p", { class: "quiet" }, "It has taken the place of nothing, and nothing has taken its place.")),
    section("History", changes(history?.results ?? [], memory, session, again)),
    section("Where it came from", sources.results.length
      ? h("ol", { class: "turns" }, sources.results.map(turn))
      : h("p", { class: "quiet" }, "It was written directly: no message was kept for it.")));
  return body;
}

function absent(error) {
  if (error.status === 404) return null;
  throw error;
}

/** What holds now, and all that it has taken the place of, the latest first. */
async function succession(memory, signal) {
  let head = memory;
  for (let step = 0; head.superseded_by !== null && step < MOST_STEPS; step += 1) {
    const next = await get(pathOf("v1", "memories", head.superseded_by), {}, signal).catch(absent);
    if (next === null) break;
    head = next;
  }
  const page = await get("v1/memories", { filters: JSON.stringify({ id: head.id }), history: true, limit: 1 }, signal);
  const line = [head, ...(page.earlier[head.id] ?? [])];
  return line.some((each) => each.id === memory.id) ? line : [memory];
}

function whole(memory, session, again) {
  const expired = memory.expires_at !== null && new Date(memory.expires_at) <= new Date();
  const state = memory.superseded_by !== null ? badge("superseded", "past") : expired ? badge("expired", "past") : badge("current", "good");
  const gone = h("p", { class: "quiet", hidden: true }, "It is being forgotten.");
  const text = h("p", { class: "whole-text" }, memory.memory);
  const actions = h("div", { class: "row" });
  const card = h("section", { class: "card whole", "data-id": memory.id },
    memory.title && h("p", { class: "quiet" }, memory.title), text,
    h("p", { class: "row" }, state, marks(memory)), gone, actions,
    facts([
      ["Holds since", time(memory.valid_from)],
      ["Held until", memory.valid_to && time(memory.valid_to)],
      ["Stored", time(memory.created_at)],
      ["Changed", memory.updated_at === memory.created_at ? null : time(memory.updated_at)],
      ["Expires", memory.expires_at && time(memory.expires_at)],
      ["User", memory.user_id && h("a", { href: address("timeline", null, { user: memory.user_id }) }, memory.user_id)],
      ["Agent", memory.agent_id], ["Run", memory.run_id], ["Said by", memory.actor_id], ["Type", memory.memory_type],
      ["Returned", count(memory.access_count, "time")], ["Id", h("code", {}, memory.id)],
    ]),
    Object.keys(memory.metadata).length > 0 && h("details", { class: "metadata", open: true },
      h("summary", {}, "Metadata"), h("pre", {}, JSON.stringify(memory.metadata, null, 2))));
  const leave = (leaving) => {
    card.classList.toggle("leaving", leaving);
    gone.hidden = !leaving;
    actions.hidden = leaving;
  };
  const look = { hide: () => leave(true), restore: () => leave(false) };
  if (session.mayWrite) {
    actions.append(
      button("Edit", () => card.replaceWith(editor(memory, card, again)), { class: "main" }),
      button("Forget", () => forget(memory, look), { class: "danger" }));
  }
  hideLeaving(memory.id, look);
  return card;
}

function editor(memory, card, again) {
  const content = h("textarea", { name: "content", rows: "4", required: true, value: memory.memory });
  const metadata = h("textarea", { name: "metadata", rows: "4", spellcheck: "false", value: JSON.stringify(memory.metadata, null, 2) });
  const expires = h("input", { name: "expires", type: "date", value: memory.expires_at?.slice(0, 10) ?? "" });
  const wrong = h("p", { class: "problem", role: "alert", hidden: true });
  const save = h("button", { class: "main" }, "Save");
  const form = h("form", {
    class: "card editor", "aria-label": "Edit this memory",
    on: {
      submit: (event) => {
        event.preventDefault();
        once(save, async () => {
          try {
            const wanted = differences(memory, content.value, metadata.value, expires.value);
            if (Object.keys(wanted).length) await change(memory, wanted, again);
            else form.replaceWith(card);
          } catch (error) {
            // Somebody who has left the form is told, too.
            if (!form.isConnected) failed(error);
            wrong.textContent = `${error.message} ${error.advice ?? ""}`;
            wrong.hidden = false;
          }
        });
      },
      keydown: (event) => {
        if (event.key === "Escape") form.replaceWith(card);
      },
    },
  },
  field("Text", content), field("Metadata", metadata, "as JSON"), field("Expires", expires, "the day from which no search finds it; empty for never"),
  wrong,
  h("p", { class: "row" }, save, button("Cancel", () => form.replaceWith(card))));
  queueMicrotask(() => content.focus());
  return form;
}

function differences(memory, content, metadata, expires) {
  const wanted = {};
  if (content.trim() !== memory.memory) wanted.content = content;
  let read;
  try {
    read = JSON.parse(metadata || "{}");
  } catch {
    throw new Error("The metadata is no JSON object.");
  }
  if (JSON.stringify(read) !== JSON.stringify(memory.metadata)) Object.assign(wanted, { metadata: read, replace_metadata: true });
  if (expires !== (memory.expires_at?.slice(0, 10) ?? "")) wanted.expires_at = expires || null;
  return wanted;
}

function changes(entries, memory, session, again) {
  if (!entries.length) return h("p", { class: "quiet" }, "Nothing is written down.");
  const names = { ADD: "Stored", UPDATE: "Changed", DELETE: "Forgotten" };
  return h("ol", { class: "changes" }, entries.map((entry) => h("li", {},
    h("p", {}, h("strong", {}, names[entry.event] ?? entry.event), " ", time(entry.created_at), entry.actor && ` by ${entry.actor}`),
    entry.old_memory !== null && h("p", { class: "before" }, h("del", {}, entry.old_memory)),
    entry.new_memory !== null && h("p", { class: "after" }, entry.new_memory),
    memory && session?.mayWrite && entry.old_memory !== null && entry.old_memory !== memory.memory && memory.superseded_by === null
      && button("Bring this text back", () => change(memory, { content: entry.old_memory }, again).catch(failed),
        { class: "quiet-button", "aria-label": `Bring back: ${shortened(entry.old_memory)}` }))));
}

function forgotten(entries) {
  return [
    h("p", { class: "problem" }, "This memory was forgotten. What happened to it stays in its history."),
    section("History", changes(entries, null, null, null)),
  ];
}

function turn(message) {
  return h("li", { class: `turn ${message.role === "assistant" ? "other" : "own"}` },
    h("p", { class: "quiet" }, message.actor_id || message.role, " · ", time(message.sent_at)),
    h("p", { class: "turn-text" }, message.content));
}
