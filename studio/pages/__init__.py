"""Face 1, the pages: Gradio over ``studio/services``, one file per page, in the order of the work.

How to write a page
-------------------
1. ``words/en/NAME.toml`` holds every text a person reads, ``title`` among them. In code:
   ``W = words_of("name")``, then ``W.table.empty``; ``W.lead.say(name=...)`` fills ``{name}`` in;
   ``W.rows.count(n)`` chooses between the two forms of ``"{n} row | {n} rows"``; ``W.states[key]``
   takes a key known only at run time. A test finds texts that are missing or that nobody uses.
2. ``NAME.py``: plain functions first (values in, ``Markup`` or values out: what unit tests call),
   then ``def build(studio: Services) -> None`` with layout and wiring in at most 120 lines. A page
   that grows becomes a package ``NAME/``.
3. One line in ``registry.py``: ``Page("name", "name", name.build)``. Navigation and address follow from it.

What to use
-----------
* ``layout``: pieces of HTML. They escape every text that is not ``Markup``; never build HTML from
  strings: ``heading section notice empty tiles facts badge table bar steps code details button_link
  time_ago``, put on the page with ``layout.html(...)``, or with ``layout.pickable(...)`` where
  ``pick_button``s in it should trigger an event (read with ``events.picked``).
* ``charts``: ``chart_with_table(label, elem_id=...)`` makes the components, ``chart_values(chart)``
  fills them with a chart, its sentence and its numbers.
* ``format``: ``number percent interval score points duration rough_duration age exact_time size
  count shorten``.
* ``events``: ``on`` (quick handlers), ``on_typing`` (fields one types in), ``on_slow`` (reading an
  upload), ``on_change`` (a field whose change takes a second to show), ``on_load`` (address ->
  values; take ``request: gr.Request``), ``then_go`` and ``then_show_address``, and
  ``hidden_text`` for ids.
* ``live.stay_live(render, studio.jobs.revision, inputs=..., outputs=...)``: one timer a page;
  ``live.Snapshot`` shares what is costly to make.
* ``links.link("results", model=name)`` and ``links.asked(request, "model")``.
* ``guard``: ``events`` wraps handlers in it already; ``guard.uploaded(path)`` before opening any
  uploaded file.

What to keep to
---------------
No ``gr.State``, no generators, no ``gr.Progress``: work that lasts is a job. Every field has a label,
every button a verb. Rows shown at once: 200 at most. Give components that a browser test needs an
``elem_id`` of the form ``page-thing``. No ids, JSON or paths in sight. What a page needs from the
browser when it opens (``gr.BrowserState``) stands outside hidden columns: they are not drawn, and
so not read, until they show. Colours come from the custom properties of ``static/theme.css``; a page
with rules of its own brings ``static/NAME.css``, with class names nobody else has.
"""
