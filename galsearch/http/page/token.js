/** The bearer token that some services ask for. */

import { useToken } from "./service.js";

/** Ask the user for the token; true where one was given. */
export function requestToken() {
  const dialog = document.getElementById("token-request");
  const field = document.getElementById("token");
  field.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (field.value) useToken(field.value);
        resolve(Boolean(field.value));
      },
      { once: true },
    );
  });
}
