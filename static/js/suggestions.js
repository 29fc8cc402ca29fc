// One suggestion after the other, by keyboard: the card that has the focus is the one that a key decides.
"use strict";

(() => {
  // What is being decided just now is out of the way already: nobody waits for an answer.
  const cards = () => [...document.querySelectorAll(".suggestion:not(.deciding)")];
  const deciding = () => document.querySelector(".deciding");
  const decided = []; // the lines of what was decided here, the last one last
  let here = null; // the card that had the focus last
  let takesBack = false; // whether what is being decided is to be undone as soon as it is

  const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  const isThere = () => here?.isConnected && !here.matches(".deciding");
  const current = () => (isThere() ? here : cards()[0]);

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
    const at = all.indexOf(isThere() ? here : null);
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
    takesBack = Boolean(deciding());
    if (takesBack) return;
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

  function goOn(from) {
    const all = cards();
    go(all.find((card) => from.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING) ?? all.at(-1));
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.target.matches("[data-accept], [data-dismiss]") && event.target.closest(".suggestion");
    if (!card) return;
    card.classList.add("deciding");
    goOn(card);
  });
  // No answer: it is to be decided still.
  for (const failed of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failed, (event) => event.target.closest(".suggestion")?.classList.remove("deciding"));
  }

  // A card became a line. Or a line became a card again, or a card came back refused: there it goes on.
  document.addEventListener("htmx:afterSettle", (event) => {
    const now = event.target;
    if (now.matches("[data-decided]")) {
      decided.push(now);
      say(now.querySelector("[data-said]").textContent);
      if (!cards().length && !deciding()) nothingLeft();
      else if (document.activeElement === document.body) goOn(now);
      if (takesBack) undo();
    } else if (now.matches(".suggestion")) {
      takesBack = false;
      document.querySelector("[data-nothing-left]")?.setAttribute("hidden", "");
      const field = now.querySelector("input[name=confirmation]");
      if (field) field.focus();
      else go(now);
      say(now.querySelector("[role=alert], h2").textContent);
    }
  });

  function nothingLeft() {
    const end = document.querySelector("[data-nothing-left]");
    if (!end) return;
    end.hidden = false;
    end.focus();
  }
})();
