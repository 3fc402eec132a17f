// Work in the background, as it goes on.

import { events, get, pathOf, post } from "../api.js";
import { address, badge, button, choice, count, empty, field, h, time } from "../elements.js";
import { failed, notice } from "../notices.js";

export const TITLE = "Tasks";

const MOST = 100;
// A browser opens six connections to a server; the others stay free for what is clicked.
const FOLLOWED = 3;
const LOOK_AGAIN_SECONDS = 5;
const OPEN = ["pending", "running"];
const KINDS = { process: "Process messages", refine: "Refine what was added", add: "Add" };
const STATES = { pending: "waiting", running: "running", completed: "done", failed: "failed", cancelled: "cancelled" };
const LOOKS = { completed: "good", failed: "bad", running: "busy", pending: "busy", cancelled: "past" };

export async function show({ query, user, session, signal }) {
  const board = new Board({ query, user, session, signal });
  await board.load();
  board.watch();
  return [stateForm(query, user, session, board), board.told, board.element];
}

function stateForm(query, user, session, board) {
  const state = choice([["", "all"], ...Object.entries(STATES)], query.state ?? "", { name: "state" });
  state.addEventListener("change", () => {
    location.hash = address("tasks", null, { user, state: state.value });
  });
  return h("div", { class: "row day-form" }, field("State", state),
    session.mayWrite && user && session.agent_id === null && session.run_id === null
      && button(`Process messages of ${user} now`, async () => {
        try {
          await post("v1/tasks", { user_id: user });
          await board.load();
        } catch (error) {
          failed(error);
        }
      }));
}

/** The list, which is looked at again now and then; tasks under way report by themselves. */
class Board {
  constructor({ query, user, session, signal }) {
    this.asked = { user_id: user, status: query.state, limit: MOST };
    this.session = session;
    this.signal = signal;
    this.element = h("div", {});
    this.told = h("p", { class: "told", role: "status" });
    this.items = new Map();
    this.following = new Set();
    this.turns = 0;
    this.shown = 0;
  }

  /** Number what is asked and what is told: an answer is older than what was told after it was asked for. */
  turn() {
    this.turns += 1;
    return this.turns;
  }

  async load() {
    const turn = this.turn();
    const { results } = await get("v1/tasks", this.asked, this.signal);
    if (turn < this.shown) return;
    this.shown = turn;
    const seen = new Set(results.map((task) => task.task_id));
    for (const id of this.items.keys()) if (!seen.has(id)) this.items.delete(id);
    for (const task of results) {
      const known = this.items.get(task.task_id);
      if (known) known.update(task, turn);
      else this.items.set(task.task_id, new Item(task, this, turn));
    }
    const open = results.filter((task) => OPEN.includes(task.status));
    this.told.replaceChildren(`${count(results.length, "task")}${results.length === MOST ? " or more" : ""}, ${open.length} under way`);
    if (!results.length) {
      this.element.replaceChildren(empty("There is no task.", "Messages that are processed in the background appear here."));
    } else {
      const wanted = results.map((task) => this.items.get(task.task_id).element);
      let list = this.element.querySelector("ul");
      if (!list) {
        list = h("ul", { class: "list", "aria-label": "Tasks" });
        this.element.replaceChildren(list);
      }
      // Only what has changed moves, so that the focus stays.
      for (const each of [...list.children]) if (!wanted.includes(each)) each.remove();
      wanted.forEach((each, place) => { if (list.children[place] !== each) list.insertBefore(each, list.children[place] ?? null); });
    }
    for (const task of open) this.follow(task.task_id);
  }

  async follow(id) {
    if (this.following.has(id) || this.following.size >= FOLLOWED) return;
    this.following.add(id);
    try {
      for await (const event of events(`${pathOf("v1", "tasks", id)}/events`, this.signal)) {
        if (event.name === "status") this.items.get(id)?.update(event.data);
      }
      await this.load();
    } catch {
      // Whatever it is, the next look shows it.
    } finally {
      this.following.delete(id);
    }
  }

  watch() {
    const timer = setInterval(() => {
      if (!document.hidden) this.load().catch(() => {});
    }, LOOK_AGAIN_SECONDS * 1000);
    this.signal.addEventListener("abort", () => clearInterval(timer));
  }
}

class Item {
  constructor(task, board, turn) {
    this.board = board;
    this.task = task;
    this.turn = turn;
    this.state = h("span", {});
    this.stage = h("span", { class: "stage" });
    this.line = h("div", { class: "line" });
    this.error = h("p", { class: "task-error", hidden: true });
    this.actions = h("span", { class: "row" });
    this.outcome = h("details", { class: "why" }, h("summary", {}, "What it did"));
    this.outcome.addEventListener("toggle", () => this.outcome.open && this.showOutcome());
    this.element = h("li", { class: "task", "data-id": task.task_id },
      h("div", { class: "memory-head" }, h("span", { class: "task-name" }, KINDS[task.kind] ?? task.kind), this.state),
      this.stage, this.error,
      h("div", { class: "memory-foot" }, this.line, this.actions), this.outcome);
    this.update(task, turn);
  }

  update(task, turn = this.board.turn()) {
    if (turn < this.turn) return;
    this.turn = turn;
    const before = this.task.status;
    this.task = { ...this.task, ...task };
    const { status, stage, error, user_id, attempts, knowledge_count, created_at, updated_at } = this.task;
    this.state.replaceChildren(badge(STATES[status] ?? status, LOOKS[status]));
    // Such as "extracting" or "over budget"; what the state says already is not told twice.
    this.stage.textContent = stage === status || !(OPEN.includes(status) || status === "failed") ? "" : stage;
    this.error.textContent = error ?? "";
    this.error.hidden = !error;
    this.line.replaceChildren(...[
      user_id && h("span", {}, user_id),
      h("span", {}, "begun ", time(created_at, "ago")),
      h("span", {}, "last change ", time(updated_at, "ago")),
      attempts > 1 && h("span", {}, `attempt ${attempts}`),
      knowledge_count > 0 && h("span", {}, count(knowledge_count, "memory", "memories")),
    ].filter(Boolean));
    this.outcome.hidden = status !== "completed";
    if (!this.actions.children.length || before !== status) this.actions.replaceChildren(...this.buttons(status));
  }

  buttons(status) {
    if (!this.board.session.mayWrite) return [];
    if (OPEN.includes(status)) return [this.action("Cancel", "cancel", "It is cancelled; its messages stay.")];
    if (status === "failed" || status === "cancelled") return [this.action("Retry", "retry", "It is begun again.")];
    return [];
  }

  action(label, name, done) {
    return button(label, async () => {
      try {
        this.update(await post(pathOf("v1", "tasks", this.task.task_id, name)));
        notice(done, { seconds: 4 });
        await this.board.load();
      } catch (error) {
        failed(error);
      }
    }, { "aria-label": `${label} task ${this.task.task_id}` });
  }

  async showOutcome() {
    try {
      const status = await get(pathOf("v1", "tasks", this.task.task_id), {}, this.board.signal);
      const verbs = { ADD: "stored", UPDATE: "changed", DELETE: "forgotten", NONE: "known already" };
      const lines = status.results.map((each) => h("li", {}, badge(verbs[each.event] ?? each.event, "mark"), " ",
        each.memory === null ? "no longer there" : h("a", { href: address("memories", each.id) }, each.memory)));
      this.outcome.querySelector(".outcome")?.remove();
      this.outcome.append(h("div", { class: "outcome" },
        lines.length ? h("ul", {}, lines) : h("p", { class: "quiet" }, "It found nothing to remember."),
        (status.warnings ?? []).map((each) => h("p", { class: "warning" }, each))));
    } catch (error) {
      failed(error);
    }
  }
}
