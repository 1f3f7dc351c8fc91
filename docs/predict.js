// What a chapter cannot do by itself: predictions that can be answered, and ways for the keyboard: past the
// list of chapters, and into what scrolls.
"use strict";
(() => {
  // Behind the first tab, before the chapters' names.
  const skip = document.createElement("a");
  skip.className = "skip";
  skip.href = "#text";
  skip.textContent = "To the text";
  const text = document.querySelector("main");
  text.id = "text";
  text.tabIndex = -1;
  document.body.prepend(skip);

  // A prediction is a list of answers, of which `data-answer` is the right one, counted from 1, and
  // the details behind it, which say why. Without this program it is read.
  document.querySelectorAll(".predict").forEach((quiz, number) => {
    const right = Number(quiz.dataset.answer);
    const why = quiz.querySelector("details");
    const form = document.createElement("form");
    const choices = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = "Your prediction";
    choices.append(legend);
    const answers = [...quiz.querySelectorAll("ol > li")];
    for (const [at, answer] of answers.entries()) {
      const label = document.createElement("label");
      const choice = document.createElement("input");
      choice.type = "radio";
      choice.name = `predict-${number}`;
      choice.value = at + 1;
      label.append(choice, " ", ...answer.childNodes);
      choices.append(label);
    }
    const reveal = document.createElement("button");
    reveal.textContent = "Reveal";
    const verdict = document.createElement("output");
    form.append(choices, reveal, verdict);
    form.addEventListener("submit", event => {
      event.preventDefault();
      const chosen = Number(new FormData(form).get(`predict-${number}`));
      verdict.textContent = chosen === 0 ? "Choose first: being wrong is how it sticks."
        : chosen === right ? "Right." : `No, it is: ${choices.querySelectorAll("label")[right - 1].textContent.trim()}.`;
      if (chosen !== 0) why.open = true;
    });
    // Arrows choose here; they are not to turn the page.
    form.addEventListener("keydown", event => event.stopPropagation());
    quiz.querySelector("ol").replaceWith(form);
  });

  // Whoever has no mouse scrolls wide listings and tables by key.
  const focusable = () => {
    for (const wide of document.querySelectorAll("main pre code, main pre, main .table-wrapper, main p, .sidebar-scrollbox")) {
      const scrolls = wide.scrollWidth > wide.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(wide).overflowX);
      if (!scrolls) continue;
      wide.tabIndex = 0;
      wide.setAttribute("role", "group");
      wide.setAttribute("aria-label", wide.matches("p") ? "picture" : wide.matches(".table-wrapper") ? "table" : "listing");
    }
  };
  focusable();
  addEventListener("load", focusable);
  addEventListener("resize", focusable);
})();
