/** Shortcuts of the whole page; those of the cards are in cards.js. */

/** Listen to the shortcuts, and show them when they are asked for. */
export function setUpKeyboard() {
  const help = document.getElementById("key-help");
  document.getElementById("keys").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("text").select();
    } else if (event.key === "?" && !help.open) help.showModal();
  });
  // A menu closes when the user does something else.
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
}

function isTyping(target) {
  return target.matches?.("input:not([type=radio], [type=range], [type=checkbox]), textarea, select") ?? false;
}
