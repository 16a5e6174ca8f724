"""Published data sets as they come: UltraFeedback, HelpSteer, Open-Assistant, arenas; MultiPref has a file of
its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotate.readers.faults import RowFault
from annotate.readers.foreign.source import (
    Record,
    a_list_of,
    candidate,
    content_name,
    judgment,
    need,
    prompt_of,
    ranking_of,
    row,
    side_of,
)
from annotate.readers.strict_json import read_value

ASPECTS = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")


def ultrafeedback(given: Record) -> Iterator[Record]:
    """Four completions of one instruction, each rated on four aspects by a model; N/A stays missing."""
    done = [one for one in a_list_of(given, "completions") if isinstance(one, dict)]
    ratings: dict[str, dict[str, int | None]] = {}
    critiques: dict[str, str] = {}
    for place, one in enumerate(done):
        said = one.get("annotations") or {}
        found = {aspect: _rating(said[aspect]) for aspect in said if isinstance(said.get(aspect), dict)}
        if found:
            ratings[str(place)] = found
        if isinstance(one.get("critique"), str):
            critiques[str(place)] = one["critique"]
    answers: Record = {"aspects": ratings} if ratings else {}
    if critiques:
        answers["critique"] = critiques
    judges = [judgment("gpt-4", answers, kind="model")] if answers else []
    instruction = need(given, "instruction", "prompt")
    candidates = [candidate(need(one, "response"), one.get("model")) for one in done]
    identity = given.get("id") or given.get("prompt_id") or content_name(instruction, candidates)
    yield row(identity, instruction, candidates, judgments=judges, meta=_meta(given, "source"))


def _rating(said: Any) -> int | None:
    """The number of a rating; N/A and what is no number are missing, never a value."""
    value = said.get("Rating", said.get("rating"))
    text = str(value).strip()
    return int(text) if text.isdecimal() and 1 <= int(text) <= 10 else None


def helpsteer2_name(given: Record) -> str:
    return str(need(given, "prompt"))


def helpsteer2(given: Sequence[Record]) -> Record:
    """Neighbouring rows with one prompt are responses to it; their five whole numbers are the consensus."""
    ratings = {
        str(place): {name: _whole(one, name) for name in ASPECTS if name in one}
        for place, one in enumerate(given)
    }
    candidates = [candidate(need(one, "response")) for one in given]
    prompt = _turns(need(given[0], "prompt"))
    judges = [judgment("dataset label", {"ratings": ratings})] if any(ratings.values()) else []
    return row(content_name(prompt, candidates), prompt, candidates, judgments=judges)


def _whole(given: Record, name: str) -> int:
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise RowFault("wrong_type", "expected a whole number", field=name)
    return int(value)


def _turns(prompt: Any) -> Any:
    """A prompt of several turns is written with marks of its own in this data set."""
    if not isinstance(prompt, str) or "<extra_id_1>" not in prompt:
        return prompt
    first, *rest = prompt.split("<extra_id_1>")
    turns = [{"role": "user", "content": first.strip()}]
    for part in rest:
        name, _, said = part.partition("\n")
        turns.append({"role": "assistant" if name == "Assistant" else "user", "content": said.strip()})
    return turns


def helpsteer_preference(given: Record) -> Iterator[Record]:
    """HelpSteer2-Preference and HelpSteer3: a strength from -3 to 3, negative for the first response."""
    candidates = [
        candidate(need(given, "response_1", "response1")),
        candidate(need(given, "response_2", "response2")),
    ]
    prompt = _turns(prompt_of(need(given, "prompt", "context")))
    people = given.get("individual_preference") or given.get("all_preferences_unprocessed") or []
    judges = [_opinion(number, one) for number, one in enumerate(people, start=1) if isinstance(one, dict)]
    if not judges:
        strength = need(given, "preference_strength", "overall_preference")
        words = given.get("preference_elaboration") or given.get("preference_statement")
        judges = [judgment("dataset label", _strength(strength, words))]
    meta = _meta(given, "split", "domain", "language")
    yield row(content_name(prompt, candidates), prompt, candidates, judgments=judges, meta=meta)


def _opinion(number: int, one: Record) -> Record:
    words = one.get("elaboration") or one.get("reasoning") or one.get("statement")
    return judgment(f"annotator {number}", _strength(need(one, "strength", "score"), words))


def _strength(value: Any, words: Any) -> Record:
    answers: Record = {"preference": value}
    return answers | ({"justification": words} if isinstance(words, str) and words.strip() else {})


def oasst_trees(given: Record) -> Iterator[Record]:
    """A message tree: each prompt with two or more ranked replies is an item, its path the prompt."""
    root = given.get("prompt")
    if not isinstance(root, dict):
        raise RowFault("wrong_type", "expected a message tree", field="prompt")
    waiting: list[tuple[Record, list[Record]]] = [(root, [])]
    while waiting:
        node, path = waiting.pop()
        path = [*path, {"role": _author(node), "content": need(node, "text")}]
        if len(path) > 1000:
            raise RowFault("too_many", "the tree is deeper than 1,000 messages", field="prompt")
        replies = [one for one in node.get("replies") or [] if isinstance(one, dict)]
        waiting += [(one, path) for one in replies]
        if _author(node) == "user" and len(replies) > 1:
            yield _ranked(node, path, replies, given)


def _author(node: Record) -> str:
    return "assistant" if node.get("role") == "assistant" else "user"


def _ranked(node: Record, path: list[Record], replies: list[Record], given: Record) -> Record:
    ranks = [one.get("rank") for one in replies]
    judges = []
    if all(isinstance(rank, int) for rank in ranks):
        answers: Record = {"ranking": ranking_of([float(rank) for rank in ranks])}  # type: ignore[arg-type]  # all are numbers
        judges.append(judgment("merged ranking", answers))
    candidates = [candidate(need(one, "text")) for one in replies]
    meta = {"tree": given.get("message_tree_id"), **_meta(node, "lang")}
    identity = node.get("message_id") or content_name(path, candidates)
    return row(identity, path, candidates, judgments=judges, meta=meta)


def arena(given: Record) -> Iterator[Record]:
    """Battles of two models: whole conversations, or a prompt and two responses, with the winner."""
    sides = []
    prompts = []
    for letter in "ab":
        talk = _conversation(need(given, f"conversation_{letter}", f"response_{letter}"))
        if isinstance(talk, list):
            if not talk or not isinstance(talk[-1], dict):
                raise RowFault("wrong_type", "expected messages", field=f"conversation_{letter}")
            prompts.append(prompt_of(talk[:-1]))
            sides.append((_message_text(talk[-1]), given.get(f"model_{letter}")))
        else:
            sides.append((talk, given.get(f"model_{letter}")))
    prompt = _conversation(given["prompt"]) if given.get("prompt") is not None else prompts[0]
    own = [value if prompts and value != prompts[0] else None for value in prompts] or [None, None]
    candidates = [candidate(text, model, prompt=mine) for (text, model), mine in zip(sides, own, strict=True)]
    winner = _winner(given)
    judge = given.get("judge") or given.get("judge_hash") or "visitor"
    judges = [judgment(judge, {"preference": winner})] if winner is not None else []
    identity = given.get("question_id") or given.get("id") or content_name(prompt, candidates)
    meta = _meta(given, "language", "turn", "tstamp")
    yield row(identity, prompt, candidates, judgments=judges, meta=meta)


def _conversation(value: Any) -> Any:
    """Tables write conversations as JSON in a cell; a list of texts there is turns in alternation."""
    if isinstance(value, str) and value.startswith("[") and value.rstrip().endswith("]"):
        try:
            value = read_value(value.encode())
        except RowFault:
            return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value) and value:
        return value[-1]
    return value


def _message_text(message: Record) -> Any:
    return message.get("content", message.get("value"))


def _winner(given: Record) -> int | str | None:
    for name, meant in (("winner_model_a", -1), ("winner_model_b", 1), ("winner_tie", "tie")):
        if str(given.get(name, "0")) in ("1", "True", "true"):
            return meant
    return side_of(given.get("winner"))


def _meta(given: Record, *names: str) -> Record:
    return {name: given[name] for name in names if given.get(name) is not None}
