// Tells a person of the jobs they asked to be told of, while any page of the studio is open: by a notification of the
// browser where that is allowed, by a note on the page, and by a mark in the window's title until it is looked at.
(() => {
  const WATCHED = "studio-told-of", NEWS = "studio-news", EVERY_MS = 3000;
  const allowed = () => "Notification" in window && Notification.permission === "granted";
  const read = () => {
    try { return JSON.parse(localStorage.getItem(WATCHED)) || {}; } catch { return {}; }
  };
  const write = (jobs) => localStorage.setItem(WATCHED, JSON.stringify(jobs));

  function draw() {
    const jobs = read();
    for (const button of document.querySelectorAll("[data-notify]")) {
      const asked = button.dataset.notify in jobs;
      const label = asked ? button.dataset.asked : button.dataset.ask;
      if (button.textContent !== label) button.textContent = label;
      if (button.ariaPressed !== String(asked)) button.ariaPressed = String(asked);
    }
  }

  async function toggle(button) {
    const jobs = read(), id = button.dataset.notify;
    if (id in jobs) delete jobs[id];
    else jobs[id] = { ...button.dataset };
    write(jobs);
    draw();
    if (id in jobs && "Notification" in window && Notification.permission === "default") {
      await Notification.requestPermission();
    }
  }

  async function look() {
    for (const id of Object.keys(read())) {
      const answer = await fetch("/api/v1/jobs/" + encodeURIComponent(id)).catch(() => null);
      if (answer && answer.ok) heed(id, await answer.json());
      else if (answer && answer.status === 404) forget(id);
    }
  }

  function forget(id) {
    const jobs = read();
    delete jobs[id];
    write(jobs);
    draw();
  }

  function heed(id, job) {
    const words = read()[id];
    if (!words) return;  // another window told of it meanwhile
    const isPaused = job.state === "paused";
    if (words[job.state] && !(isPaused && words.toldPaused)) {
      const why = job.error ? job.error.message : isPaused ? job.progress.message : "";
      const news = { id, sentence: words[job.state], why, address: words.address, open: words.open, close: words.close };
      if (isPaused) write({ ...read(), [id]: { ...words, toldPaused: true } });
      else forget(id);
      localStorage.setItem(NEWS, JSON.stringify({ ...news, at: Date.now() }));
      show(news);
      if (allowed()) notify(news);
    } else if (!isPaused && words.toldPaused) {
      write({ ...read(), [id]: { ...words, toldPaused: undefined } });
    }
  }

  function notify(news) {
    const shown = new Notification(news.sentence, { body: news.why, tag: "studio-" + news.id });
    shown.onclick = () => { window.focus(); location.assign(news.address); };
  }

  function listOfNews() {
    const known = document.getElementById("s-news-list");
    if (known) return known;
    const list = document.createElement("div");
    list.id = "s-news-list";
    list.setAttribute("role", "status");
    return (document.querySelector(".gradio-container") || document.body).appendChild(list);
  }

  function show(news) {
    const note = listOfNews().appendChild(document.createElement("div"));
    note.className = "s-news";
    const text = note.appendChild(document.createElement("p"));
    text.textContent = [news.sentence, news.why].filter(Boolean).join(" ");
    const link = note.appendChild(document.createElement("a"));
    link.href = news.address;
    link.textContent = news.open;
    const close = note.appendChild(document.createElement("button"));
    close.type = "button";
    close.textContent = news.close;
    close.onclick = () => note.remove();
    if (!document.hasFocus()) document.documentElement.dataset.news = news.sentence;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-notify]");
    if (button) toggle(button);
  });
  window.addEventListener("storage", (event) => {
    if (event.key === NEWS && event.newValue) show(JSON.parse(event.newValue));
    if (event.key === WATCHED) draw();
  });
  window.addEventListener("focus", () => { delete document.documentElement.dataset.news; });
  new MutationObserver(draw).observe(document.documentElement, { childList: true, subtree: true });
  // Of several windows one looks; without locks, as on a plain address, what was told last is told once all the same.
  setInterval(() => {
    if (!Object.keys(read()).length) return;
    if (navigator.locks) navigator.locks.request(NEWS, { ifAvailable: true }, (lock) => lock && look());
    else look();
  }, EVERY_MS);
})();
