"""Exports of other labelling tools: Argilla, Label Studio, doccano, Potato."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.foreign.source import (
    Record,
    an_object_of,
    candidate,
    judgment,
    need,
    ranking_of,
    row,
    side_of,
)

PROMPTS = ("prompt", "instruction", "question", "input", "query", "context", "text")
_SIDE = re.compile(
    r"(response|answer|completion|generation|output|reply|text|summary)[-_ ]?([0-9a-i])?$", re.I
)


def prompt_and_sides(fields: Mapping[str, Any]) -> tuple[Any, list[tuple[str, Any]]]:
    """Which field is the prompt and which are the responses, told by their names."""
    if "chosen" in fields and "rejected" in fields:
        sides = [("chosen", fields["chosen"]), ("rejected", fields["rejected"])]
    else:
        sides = [(name, fields[name]) for name in sorted(fields) if _is_side(name, fields)]
    taken = {name for name, _ in sides}
    name = next((one for one in PROMPTS if one in fields and one not in taken), None)
    if name is None:
        raise RowFault(
            "missing_field",
            "no field of the record is called like a prompt",
            field="prompt",
            cure="Name it prompt, instruction or question, or map the columns by hand.",
        )
    return fields[name], sides


def _is_side(name: str, fields: Mapping[str, Any]) -> bool:
    """`text` alone is a prompt; `text1` and `text2` are two sides."""
    found = _SIDE.fullmatch(name.rsplit(".", 1)[-1])
    if found is None or fields[name] is None:
        return False
    return bool(found.group(2)) or (found.group(1).lower() != "text" and name not in PROMPTS)


def argilla(given: Record) -> Iterator[Record]:
    """A record as `records.to_json` writes it, or flattened as its exports to data sets are."""
    fields = given["fields"] if isinstance(given.get("fields"), dict) else _flat_fields(given)
    prompt, sides = prompt_and_sides(fields)
    texts = [_last_message(value) for _, value in sides]
    names = [name for name, _ in sides]
    said: dict[str, Record] = {}
    for question, user, value in _argilla_answers(given):
        said.setdefault(user, {}).update(_argilla_answer(question, value, names))
    judges = [judgment(f"argilla user {user}", answers) for user, answers in said.items() if answers]
    for question, suggested in _argilla_suggestions(given):
        answers = _argilla_answer(question, suggested.get("value"), names)
        if answers:
            judges.append(judgment(suggested.get("agent") or "suggestion", answers, kind="model"))
    meta = given.get("metadata") if isinstance(given.get("metadata"), dict) else {}
    identity = need(given, "id", "external_id", "_server_id")
    yield row(identity, prompt, [candidate(text) for text in texts], judgments=judges, meta=meta)


def _flat_fields(given: Record) -> Record:
    own = {"id", "status", "metadata", "external_id", "_server_id", "vectors"}
    return {name: value for name, value in given.items() if name not in own and "." not in name}


def _last_message(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        return value[-1].get("content")
    return value


def _argilla_answers(given: Record) -> Iterator[tuple[str, str, Any]]:
    nested = given.get("responses")
    if isinstance(nested, dict):
        for question, answers in nested.items():
            for one in answers if isinstance(answers, list) else []:
                if isinstance(one, dict) and one.get("status") in (None, "submitted"):
                    yield question, str(one.get("user_id")), one.get("value")
        return
    for name, answers in given.items():
        if not name.endswith(".responses") or not isinstance(answers, list):
            continue
        question = name.removesuffix(".responses")
        users = given.get(f"{name}.users") or [str(number) for number in range(len(answers))]
        states = given.get(f"{name}.status") or ["submitted"] * len(answers)
        for value, user, state in zip(answers, users, states, strict=False):
            if state == "submitted":
                yield question, str(user), value


def _argilla_suggestions(given: Record) -> Iterator[tuple[str, Record]]:
    nested = given.get("suggestions")
    if isinstance(nested, dict):
        yield from ((name, one) for name, one in nested.items() if isinstance(one, dict))


def _argilla_answer(question: str, value: Any, names: Sequence[str]) -> Record:
    """Rankings and labels that name a side become ours; anything else keeps the question's name."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "rank" in one for one in value):
        ranks = {str(one.get("value")): one["rank"] for one in value}
        if all(name in ranks for name in names) and all(isinstance(ranks[name], int) for name in names):
            return _ranked([float(ranks[name]) for name in names])
    if isinstance(value, str) and len(names) == 2:
        side = -1 if value == names[0] else 1 if value == names[1] else side_of(value)
        if side is not None:
            return {"preference": side}
    return {question: value} if value not in (None, "") else {}


def _ranked(ranks: Sequence[float]) -> Record:
    """A ranking, and where it is one of two, the preference that it says."""
    answers: Record = {"ranking": ranking_of(ranks)}
    if len(ranks) == 2:
        answers["preference"] = "tie" if ranks[0] == ranks[1] else -1 if ranks[0] < ranks[1] else 1
    return answers


def label_studio(given: Record) -> Iterator[Record]:
    """A task of a JSON export, with its annotations and predictions."""
    prompt, sides = prompt_and_sides(an_object_of(given, "data"))
    names = [name for name, _ in sides]
    judges = []
    for one in given.get("annotations") or []:
        if isinstance(one, dict) and not one.get("was_cancelled"):
            answers = _results(one.get("result"), names)
            if answers:
                spent, at = one.get("lead_time"), one.get("created_at")
                judges.append(judgment(_who(one.get("completed_by")), answers, seconds=spent, at=_moment(at)))
    for one in given.get("predictions") or []:
        answers = _results(one.get("result"), names) if isinstance(one, dict) else {}
        if answers:
            judges.append(judgment(one.get("model_version") or "prediction", answers, kind="model"))
    candidates = [candidate(value) for _, value in sides]
    yield row(need(given, "id"), prompt, candidates, judgments=_once(judges), meta=given.get("meta") or {})


def _who(given: Any) -> str:
    if isinstance(given, dict):
        return str(given.get("email") or given.get("username") or given.get("id"))
    return f"user {given}"


def _moment(given: Any) -> str | None:
    return given.replace("Z", "+00:00") if isinstance(given, str) else None


def _once(judges: list[Record]) -> list[Record]:
    """One judgment for each judge: of several by one person the last counts."""
    return list({(one["kind"], one["judge"]): one for one in judges}.values())


def _results(results: Any, names: Sequence[str]) -> Record:
    answers: Record = {}
    for one in results if isinstance(results, list) else []:
        if isinstance(one, dict) and isinstance(one.get("value"), dict):
            answers |= _result(one.get("type"), str(one.get("from_name")), one["value"], names)
    return answers


def _result(kind: Any, question: str, value: Record, names: Sequence[str]) -> Record:
    if kind == "pairwise":
        side = side_of(value.get("selected"))
        return {"preference": side} if side is not None else {}
    if kind == "choices" and isinstance(value.get("choices"), list) and value["choices"]:
        chosen = value["choices"]
        side = side_of(chosen[0]) if len(chosen) == 1 and len(names) == 2 else None
        if side is not None:
            return {"preference": side}
        return {question: chosen if len(chosen) > 1 else chosen[0]}
    if kind == "ranker":
        return _ranker(value.get("ranker"), names)
    if kind == "textarea" and isinstance(value.get("text"), list):
        return {"justification": "\n".join(str(one) for one in value["text"])}
    if kind == "rating":
        return {question: value.get("rating")}
    return {}


def _ranker(given: Any, names: Sequence[str]) -> Record:
    """The items of a ranker in their order, best first; of several columns the first that holds them all."""
    columns = list(given.values()) if isinstance(given, dict) else [given]
    for column in columns:
        listed = [str(one) for one in column] if isinstance(column, list) else []
        if names and sorted(listed) == sorted(names):
            return _ranked([float(listed.index(name)) for name in names])
    return {}


def doccano(given: Record) -> Iterator[Record]:
    """A document and its labels. A document alone is a prompt; fields named like responses are its sides."""
    text = need(given, "text", "data")
    sides = [(name, given[name]) for name in sorted(given) if _is_side(name, given) and name != "text"]
    labels = given.get("label", given.get("labels", []))
    labels = labels if isinstance(labels, list) else [labels]
    words = [one for one in labels if isinstance(one, str)]
    side = side_of(words[0]) if len(words) == 1 and len(sides) == 2 else None
    answers: Record = {"preference": side} if side is not None else {}
    who = given.get("username") or given.get("annotator") or "doccano"
    judges = [judgment(who, answers)] if answers else []
    meta = {"labels": labels} if labels and not answers else {}
    yield row(need(given, "id"), text, [candidate(value) for _, value in sides], judgments=judges, meta=meta)


def potato_name(given: Record) -> str:
    return str(need(given, "instance_id", "id"))


def potato(given: Sequence[Record]) -> Record:
    """What each person said about one instance, line after line."""
    first = given[0]
    shown = first.get("displayed_text", first.get("text"))
    prompt, sides = _potato_texts(first, shown)
    judges = []
    for one in given:
        answers: Record = {}
        for schema, said in (one.get("label_annotations") or one.get("annotation") or {}).items():
            answers |= _potato_answer(str(schema), said)
        if answers:
            judges.append(judgment(need(one, "user_id", "user"), answers))
    return row(potato_name(first), prompt, [candidate(text) for text in sides], judgments=_once(judges))


def _potato_texts(record: Record, shown: Any) -> tuple[Any, list[Any]]:
    if isinstance(shown, list) and len(shown) > 1:
        return record.get("prompt") or record.get("question") or "Compare the responses.", shown
    if isinstance(shown, dict):
        prompt, sides = prompt_and_sides(shown)
        return prompt, [value for _, value in sides]
    if shown is None:
        raise RowFault("missing_field", "the text that was shown is not given", field="displayed_text")
    return shown, []


def _potato_answer(schema: str, said: Any) -> Record:
    """`{"selection": "A"}` of pairwise schemas; `{"label": "value"}` of the others."""
    if isinstance(said, dict):
        chosen = said.get("selection") or next((key for key, on in said.items() if on), None)
    else:
        chosen = said
    side = side_of(chosen)
    if side is not None:
        return {"preference": side}
    return {schema: said} if said else {}
