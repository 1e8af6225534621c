// Theme switch, copy buttons and the title of the window; nothing else runs in the browser by itself.
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
    const title = current && brand ? current.textContent + " · " + brand.textContent.trim() : "";
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
  });
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  new MutationObserver(nameWindow).observe(document.documentElement, { childList: true, subtree: true });
  apply();
})();
