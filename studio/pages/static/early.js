// Stands first in the head, before Gradio's scripts. Gradio ends its event stream before a page is left, reports that
// as a lost connection, and does so too where the page is not left after all, as when a file is downloaded.
// The browser ends the stream by itself.
window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation());
