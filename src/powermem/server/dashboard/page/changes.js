// Changes of a memory, each of which can be undone.

import { patch, pathOf, remove } from "./api.js";
import { shortened } from "./elements.js";
import { failed, notice } from "./notices.js";

const UNDO_SECONDS = 10;

// What is being forgotten, by the id of the memory. What was forgotten stays here, too: an answer of the
// server that is older than its end may still arrive.
const leaving = new Map();

/** Hide an element of a memory that is being forgotten, until that is undone or fails. */
export function hideLeaving(id, look) {
  const under = leaving.get(id);
  if (!under) return;
  under.looks.push(look);
  look.hide();
}

/** Forget a memory, after the time in which it can be undone: a deleted memory cannot come back as it was. */
export function forget(memory, look) {
  if (leaving.has(memory.id)) return;
  const looks = [];
  const restore = () => {
    leaving.delete(memory.id);
    looks.forEach((each) => each.restore());
  };
  let begun = false;
  const finish = async (keepalive = false) => {
    if (begun) return;
    begun = true;
    close();
    try {
      await remove(pathOf("v1", "memories", memory.id), keepalive);
      notice("It is forgotten.", { seconds: 4 });
    } catch (error) {
      restore();
      failed(error);
    }
  };
  const close = notice(`Forgetting “${shortened(memory.memory)}”`, {
    seconds: UNDO_SECONDS,
    ended: finish,
    actions: [
      ["Undo", restore],
      ["Forget now", () => finish()],
    ],
  });
  leaving.set(memory.id, { looks, finish });
  hideLeaving(memory.id, look);
}

/** Forget at once all that is being forgotten. */
export function finishForgetting(keepalive = false) {
  leaving.forEach(({ finish }) => finish(keepalive));
}

// Whoever closes the page has decided.
window.addEventListener("pagehide", () => finishForgetting(true));

/** Change a memory; `changed` is called with the memory as it is then, and again when it is undone. */
export async function change(memory, wanted, changed) {
  const path = pathOf("v1", "memories", memory.id);
  changed(await patch(path, wanted));
  const former = {
    metadata: memory.metadata,
    replace_metadata: true,
    expires_at: memory.expires_at,
    ...("content" in wanted ? { content: memory.memory } : {}),
  };
  notice("It is changed.", {
    seconds: UNDO_SECONDS,
    actions: [["Undo", () => patch(path, former).then(changed).catch(failed)]],
  });
}
