// One suggestion after the other, by keyboard: the card that has the focus is the one that a key decides.
"use strict";

(() => {
  const cards = () => [...document.querySelectorAll(".suggestion")];
  const decided = []; // the lines of what was decided here, the last one last
  let here = null; // the card that had the focus last

  const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  const current = () => (here?.isConnected ? here : cards()[0]);

  document.addEventListener("focusin", (event) => {
    here = event.target.closest(".suggestion") ?? here;
  });

  function go(card) {
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = cards();
    const at = all.indexOf(here?.isConnected ? here : null);
    go(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  // The member that has the focus, or else the first.
  function leaveOut() {
    const boxes = [...(current()?.querySelectorAll("input[name=group][type=checkbox]") ?? [])];
    const box = boxes.find((each) => each === document.activeElement) ?? boxes[0];
    if (!box) return;
    box.focus();
    box.click();
  }

  function undo() {
    while (decided.length && !decided.at(-1).isConnected) decided.pop();
    decided.at(-1)?.querySelector("[data-undo]")?.click();
  }

  const keys = () => document.getElementById("keys");
  const DEEDS = {
    j: () => step(1),
    k: () => step(-1),
    x: leaveOut,
    a: () => current()?.querySelector("[data-accept]")?.click(),
    d: () => current()?.querySelector("[data-dismiss]")?.click(),
    u: undo,
    "?": () => keys()?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") || !Object.hasOwn(DEEDS, event.key)) return;
    event.preventDefault();
    DEEDS[event.key]();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) keys().showModal();
    else if (event.target === keys()) keys().close();
  });
  // Whoever writes a code means that code.
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-typed]")) event.target.closest("form").querySelector("[data-another]").checked = true;
  });

  function say(words) {
    document.getElementById("live").textContent = words.replace(/\s+/g, " ").trim();
  }

  // A card became a line: on to the next one. A line became a card again, or a card came back refused: there.
  document.addEventListener("htmx:afterSettle", (event) => {
    const now = event.target;
    if (now.matches("[data-decided]")) {
      decided.push(now);
      say(now.querySelector("[data-said]").textContent);
      const all = cards();
      go(all.find((card) => now.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING) ?? all.at(-1));
      if (!all.length) nothingLeft();
    } else if (now.matches(".suggestion")) {
      const field = now.querySelector("input[name=confirmation]");
      if (field) field.focus();
      else go(now);
      say(now.querySelector("[role=alert], h2").textContent);
      document.querySelector("[data-nothing-left]").hidden = true;
    }
  });

  function nothingLeft() {
    const end = document.querySelector("[data-nothing-left]");
    end.hidden = false;
    end.focus();
  }
})();
