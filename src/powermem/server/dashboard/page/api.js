// The calls of /v1, with the key of the person. It stays in this tab, and travels in a header only.

const ROOT = new URL("../", import.meta.url);
const STORED = "powermem-key";

let key = sessionStorage.getItem(STORED) ?? "";

export function useKey(text, keep) {
  key = text;
  if (keep && text) sessionStorage.setItem(STORED, text);
  else sessionStorage.removeItem(STORED);
}

export const hasKey = () => key !== "";

/** An answer that says what was wrong; `advice` is what to do. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}`);
    this.name = body.error || "Error";
    this.status = status;
    this.advice = body.advice || "";
    this.requestId = body.request_id || "";
  }
}

async function send(method, path, { query = {}, body, signal, keepalive = false, accept = "application/json" } = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  const headers = { Accept: accept };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method, headers, signal, keepalive,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {
      error: "Unreachable", detail: "The server cannot be reached.", advice: "Is it running? Try again in a moment.",
    });
  }
  if (!response.ok) throw new Problem(response.status, await readProblem(response));
  return response;
}

async function readProblem(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return {};
  }
}

const answered = async (response) => (await response).json();

export const get = (path, query, signal) => answered(send("GET", path, { query, signal }));
export const post = (path, body, signal) => answered(send("POST", path, { body, signal }));
export const patch = (path, body) => answered(send("PATCH", path, { body }));
export const remove = (path, keepalive = false) => answered(send("DELETE", path, { keepalive }));
export const text = async (path, signal) => (await send("GET", path, { signal, accept: "text/plain" })).text();

export const pathOf = (...parts) => parts.map(encodeURIComponent).join("/");

/** Yield the Server-Sent Events of a path. An EventSource could not send the key in a header. */
export async function* events(path, signal) {
  const response = await send("GET", path, { signal, accept: "text/event-stream" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      if (lines.has("data")) yield { name: lines.get("event"), data: JSON.parse(lines.get("data")) };
    }
  }
}
