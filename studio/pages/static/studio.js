// Theme switch, copy buttons, the limit of uploads and the title of the window; nothing else runs by itself.
(() => {
  const KEY = "studio-theme";
  const asked = new URLSearchParams(location.search).get("__theme");
  const wanted = () => asked || localStorage.getItem(KEY);
  const isDark = () => document.body.classList.contains("dark");

  function apply() {
    const theme = wanted();
    if (theme && (theme === "dark") !== isDark()) document.body.classList.toggle("dark", theme === "dark");
    document.documentElement.style.colorScheme = isDark() ? "dark" : "light";
  }

  function nameWindow() {
    const current = document.querySelector(".s-top a[aria-current=page]");
    const brand = document.querySelector(".s-brand");
    const news = document.documentElement.dataset.news;  // what notify.js has to say
    const page = current && brand ? current.textContent + " · " + brand.textContent.trim() : "";
    const title = page && news ? news + " · " + page : page;
    if (title && document.title !== title) document.title = title;
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) {
      localStorage.setItem(KEY, isDark() ? "light" : "dark");
      document.body.classList.toggle("dark");
      apply();
    }
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    // Gradio's page has a base address, from which the browser would take a link to a part of the page.
    const inner = event.target.closest('a[href^="#"]');
    if (inner) {
      event.preventDefault();
      document.getElementById(inner.getAttribute("href").slice(1))?.scrollIntoView();
    }
  });
  // A file over the limit is never sent: the page's own sentence shows in place of Gradio's.
  function refuseTooLarge(event, files) {
    const limit = document.querySelector("[data-upload-limit]");
    if (!limit) return;
    const large = [...files].some((file) => file.size > Number(limit.dataset.uploadLimit));
    limit.hidden = !large;
    if (!large) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.type === "change") event.target.value = "";
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=file]")) refuseTooLarge(event, event.target.files);
  }, true);
  document.addEventListener("drop", (event) => {
    if (event.dataTransfer) refuseTooLarge(event, event.dataTransfer.files);
  }, true);
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-news"] };
  new MutationObserver(nameWindow).observe(document.documentElement, changes);
  apply();
})();
