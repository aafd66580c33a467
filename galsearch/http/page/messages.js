/** The status line, which screen readers announce, and errors with their remedies. */

import { button, element, fill } from "./element.js";

const status = () => document.getElementById("status");
const alert = () => document.getElementById("alert");

/** Show and announce a sentence. */
export function announce(sentence) {
  status().textContent = sentence;
}

/** Show an error with the message of the service and its remedy; `again` repeats the request. */
export function showError(error, again = null) {
  const wait = error.retryAfter ? ` The service asks to wait ${error.retryAfter} s.` : "";
  const request = error.requestId ? `Request ${error.requestId}` : "";
  fill(
    alert(),
    element("p", { class: "message" }, error.message + wait),
    error.remedy && element("p", { class: "remedy" }, error.remedy),
    element(
      "p",
      { class: "dim" },
      again && button("Try again", again),
      button("Dismiss", clearError),
      request && element("code", {}, request),
    ),
  );
  alert().hidden = false;
}

/** Take an error off the page. */
export function clearError() {
  alert().hidden = true;
  fill(alert());
}
