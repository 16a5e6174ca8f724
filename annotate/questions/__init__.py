"""What can be asked of an item, as plain data: knows no database and no web framework.

One module per kind holds the options of a question, the check of an answer, the way from the sides as shown
to the candidates as stored and back, and the names of its form fields. ``questionnaire`` puts the questions
of a project together with their conditions and rules, and is what services and pages use.

Answers are kept about candidates as stored (``position`` 0..8):

- preference: −3..3 without 0 (negative: the lower position is better), "tie" or "neither"
- ranking: groups, best first, ``[[2], [0, 1], [3]]``; a group of several is a tie
- rating: ``{"0": {"helpfulness": 4, "verbosity": None}, "1": …}``, or ``{"helpfulness": 4}`` for the item
- choice: a value; several in the order of the options; or per candidate ``{"0": value, …}``
- text: a string, or per candidate ``{"0": "…"}``
- spans: ``[{"candidate": 0, "start": 3, "end": 9, "label": "…", "severity": None, "text_hash": "…"}]``

As shown, the same shapes speak of places 0..8 on the page instead, and a negative preference favours
whichever of the two compared candidates stands first.

Form fields are named ``answer_KEY`` with a dot before each further part; ``A``..``I`` are the sides as shown:

- preference: ``answer_KEY`` = "-3".."3" as shown, "tie" or "neither"
- ranking: ``answer_KEY.A`` = its rank from "1"; the same rank twice is a tie
- rating: ``answer_KEY.A.ATTRIBUTE``, or ``answer_KEY.ATTRIBUTE`` for the item; a point or "na"
- choice: ``answer_KEY``, per candidate ``answer_KEY.A``; one field for each value that is chosen
- text: ``answer_KEY``, per candidate ``answer_KEY.A``
- spans: ``answer_KEY`` = the list above as JSON, with "A" for a candidate; or, without a script, rows of
  ``answer_KEY.N.side``, ``.quote``, ``.nth`` (which occurrence, from 1), ``.label`` and ``.severity``
"""
