// The frame of the page: signing in, navigation, and the view that the address names.

import { get, hasKey, useKey } from "./api.js";
import { finishForgetting } from "./changes.js";
import { address, button, field, h } from "./elements.js";
import { problemBox, problemText } from "./notices.js";
import * as health from "./views/health.js";
import * as memories from "./views/memories.js";
import * as memory from "./views/memory.js";
import * as tasks from "./views/tasks.js";
import * as timeline from "./views/timeline.js";
import * as usage from "./views/usage.js";
import * as users from "./views/users.js";

const VIEWS = { memories, timeline, tasks, usage, users, health };
const RANKS = ["read", "write", "admin"];

const app = document.getElementById("app");

// What the key may do; null as long as nobody is signed in.
let session = null;
let leave = new AbortController();
let moved = false;

/** Read the address: `#/memories/12?user=ana` is the view "memories", the id "12" and the query. */
function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id = null] = path.split("/");
  return {
    name: name in VIEWS ? name : "memories",
    id: id === null ? null : decoded(id),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Begin a visit with the key, or ask for one. What was under way with another key ends. */
async function start() {
  const signal = leaveView();
  try {
    const key = await get("v1/key", {}, signal);
    const rank = RANKS.indexOf(key.may);
    session = { ...key, mayWrite: rank >= 1, mayAll: rank >= 2 };
    frame();
    await show();
  } catch (error) {
    if (signal.aborted) return;
    session = null;
    if (error.status === 401 || error.status === 403) {
      signIn(hasKey() || error.status === 403 ? error : null);
    } else {
      app.replaceChildren(h("main", { class: "alone" }, problemBox(error, start)));
    }
  }
}

function signIn(error) {
  useKey("", false);
  const key = h("input", {
    type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false", autofocus: true,
    "aria-describedby": "key-hint",
  });
  const keep = h("input", { type: "checkbox", name: "keep", checked: true });
  const form = h("form", {
    class: "card sign-in",
    on: {
      submit: (event) => {
        event.preventDefault();
        useKey(key.value.trim(), keep.checked);
        moved = true;
        start();
      },
    },
  },
  h("h1", { tabindex: "-1" }, "Sign in"),
  error && h("p", { class: "problem", role: "alert" }, problemText(error)),
  field("Key", key),
  h("p", { class: "quiet", id: "key-hint" },
    "A key of this server, as ", h("code", {}, "powermem keys create"), " shows it once. A key that is tied to a user shows that user."),
  h("label", { class: "check" }, keep, h("span", {}, "Keep me signed in while this tab is open")),
  h("p", {}, h("button", { class: "main" }, "Sign in")));
  document.title = "Sign in – powermem";
  app.replaceChildren(h("main", { id: "main", class: "alone" }, brand(), form));
  key.focus();
}

function brand() {
  return h("p", { class: "brand" }, h("img", { src: "dashboard/icon.svg", alt: "", width: "28", height: "28" }), "powermem");
}

function frame() {
  app.replaceChildren(
    h("header", { class: "side" },
      brand(),
      h("nav", { "aria-label": "Views" }, h("ul", {}, Object.entries(VIEWS).map(([name, view]) =>
        h("li", {}, h("a", { href: address(name), "data-view": name }, view.TITLE))))),
      whoseForm(),
      signedIn()),
    h("main", { id: "main" }));
}

/** The choice of a user, which all views follow. */
function whoseForm() {
  if (session.user_id !== null) return h("p", { class: "whose" }, h("span", { class: "quiet" }, "User"), h("strong", {}, session.user_id));
  const input = h("input", { name: "user", autocomplete: "off", spellcheck: "false", placeholder: "all users" });
  const choose = (event) => {
    event?.preventDefault();
    const { name, id, query } = readAddress();
    location.hash = address(name, name === "memories" && id !== null ? null : id, { ...query, user: input.value.trim() });
  };
  return h("form", { class: "whose", on: { submit: choose } }, field("User", input),
    h("button", { class: "quiet-button" }, "Choose"));
}

function signedIn() {
  const may = { read: "may read", write: "may write", admin: "may do everything" }[session.may];
  if (!hasKey()) return h("p", { class: "signed-in quiet" }, "No key is needed on this machine");
  return h("p", { class: "signed-in" },
    h("span", { class: "quiet" }, `Key ${session.name || session.id} · ${may}`),
    button("Sign out", () => {
      leave.abort();
      session = null;
      finishForgetting();
      signIn(null);
    }, { class: "quiet-button" }));
}

/** End the calls of the view that is shown; return the signal of the next one. */
function leaveView() {
  leave.abort();
  leave = new AbortController();
  return leave.signal;
}

/** Show the view of the address. */
async function show() {
  if (session === null) return;
  const place = location.hash;
  const signal = leaveView();
  const { name, id, query } = readAddress();
  const user = session.user_id ?? query.user ?? "";
  const view = name === "memories" && id !== null ? memory : VIEWS[name];
  for (const link of app.querySelectorAll("nav a")) {
    const current = link.dataset.view === name;
    link.toggleAttribute("aria-current", current);
    if (current) link.setAttribute("aria-current", "page");
    link.href = address(link.dataset.view, null, { user: session.user_id === null ? user : "" });
  }
  const chosen = app.querySelector(".whose input");
  if (chosen) chosen.value = user;
  const heading = h("h1", { tabindex: "-1" }, view.TITLE);
  const body = h("div", { class: "view", "aria-busy": "true", "data-place": place }, h("p", { class: "loading" }, "Loading …"));
  document.title = `${view.TITLE} – powermem`;
  const main = document.getElementById("main");
  main.replaceChildren(heading, body);
  // Whoever reads with their ears hears that there is another view; a page that just opens begins at its top.
  if (moved) heading.focus({ preventScroll: true });
  moved = true;
  window.scrollTo(0, 0);
  // A change that ends after its view was left shows no other view again, in which somebody may be typing.
  const again = () => (location.hash === place ? show() : undefined);
  try {
    const shown = await view.show({ id, query, user, session, signal, heading, again });
    if (!signal.aborted) body.replaceChildren(...[shown].flat());
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (error.status === 401) {
      session = null;
      signIn(error);
      return;
    }
    body.replaceChildren(problemBox(error, show));
  } finally {
    body.removeAttribute("aria-busy");
  }
}

document.querySelector(".skip").addEventListener("click", (event) => {
  // The address names the view, so the link itself leads nowhere.
  event.preventDefault();
  document.querySelector("main h1")?.focus();
});
window.addEventListener("hashchange", show);
start();
