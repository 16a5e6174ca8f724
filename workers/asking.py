"""Put a judge's questions to what answers them: the local model in batches, an endpoint a few at a time.

Every question goes through the log of calls, so that what has a reply is not asked, or paid for, again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings

from annotate.enums import CallState
from annotate.keys import content_key
from annotate.models import Allowance, Item, Judge, JudgeCall
from annotate.services.allowances import Wait, price_of
from annotate.services.calls import NewCall, Told, begin_call, keep_free_replies, keep_reply, lose_call
from curation.prompts.asking import Call, Subject, request_text
from curation.prompts.reading import Reading, read_logprobs, read_text
from curation.prompts.spec import JudgeSpec
from workers.keys import endpoint_key
from workers.runtime.errors import EndpointNonsense, EndpointUnavailable

if TYPE_CHECKING:
    from workers.runtime.endpoint import Endpoint, Reply

# Questions to one endpoint that are under way at once in one worker.
PARALLEL = 4
REPLY_TOKENS = {"letter": 12, "json": 300}
# Longer than this is not slept through: the job is put off and its worker does something else.
LONGEST_NAP = 65.0
NAP = 5.0
# Room for the template's own turns around a question.
TURNS = 64

Alive = Callable[[], None]
Wanted = tuple[Item | None, Call]


class Backend(Protocol):
    """What reads prompts. ``items`` at a time; ``revision`` names the weights, "" where nobody knows."""

    items: int
    revision: str

    def fit(self, subject: Subject) -> Subject: ...

    def ask(self, wanted: Sequence[Wanted], alive: Alive, mark: str = "") -> list[Reading | None]: ...


class LocalBackend:
    """A local model, read by the probabilities of its next token."""

    items = 8

    def __init__(self, judge: Judge, spec: JudgeSpec) -> None:
        from workers.runtime.loading import load_language_model
        from workers.runtime.sources import find_model

        self.judge, self.spec = judge, spec
        # No name is the packaged model.
        self.lm = load_language_model(find_model(spec.model, Path(settings.WINNOW_MODELS)), dtype="auto")
        self.revision = self.lm.revision

    def fit(self, subject: Subject) -> Subject:
        """Both responses cut alike, so that the longest question fits the window."""
        from workers.runtime.judging import fitted_texts

        frame = [self.spec.template, request_text(subject), *self.spec.principles]
        frame += [text for one in self.spec.demonstrations for text in (one.prompt, one.first, one.second)]
        frame += [subject.reference] if self.spec.reference else []
        # Fences are lines of hexadecimal digits that a tokenizer cuts small.
        room = self.lm.window - sum(len(self.lm.text_ids(text)) for text in frame) - 256 - TURNS
        try:
            return replace(subject, texts=tuple(fitted_texts(self.lm, subject.texts, room=room)))
        except ValueError:
            return replace(subject, texts=())

    def ask(self, wanted: Sequence[Wanted], alive: Alive, mark: str = "") -> list[Reading | None]:
        from workers.runtime.judging import Asked, label_shares

        keys = [self._key(call, mark) for _, call in wanted]
        known = {
            row.key: row
            for row in JudgeCall.objects.filter(
                project_id=self.judge.project_id, key__in=keys, state=CallState.ANSWERED
            )
        }
        new = {key: row for key, row in zip(keys, wanted, strict=True) if key not in known}
        alive()
        said = label_shares(
            self.lm, [Asked(call.text, call.opening, call.labels) for _, call in new.values()]
        )
        fresh = {
            key: Told(
                reading={"shares": one.shares, "mass": one.mass},
                tokens_in=one.tokens,
                tokens_out=0,
                seconds=one.seconds,
            )
            for key, one in zip(new, said, strict=True)
        }
        keep_free_replies(
            [(_new(key, self.judge, *new[key]), told) for key, told in fresh.items()],
        )
        stored = {key: row.reading for key, row in known.items()} | {
            key: told.reading for key, told in fresh.items()
        }
        return [reading_from(stored[key]) for key in keys]

    def _key(self, call: Call, mark: str) -> str:
        return content_key("local", self.revision, self.lm.dtype, call.text, call.opening, call.labels, mark)


class EndpointBackend:
    """An OpenAI-compatible endpoint: reserved before it is asked, paid for once, bounded in every way."""

    items = 2
    revision = ""

    def __init__(self, judge: Judge, spec: JudgeSpec, allowance: Allowance) -> None:
        self.judge, self.spec, self.allowance = judge, spec, allowance
        self.key = endpoint_key(name=spec.key_name, url=spec.url)

    def fit(self, subject: Subject) -> Subject:
        return subject

    def ask(self, wanted: Sequence[Wanted], alive: Alive, mark: str = "") -> list[Reading | None]:
        readings: list[Reading | None] = []
        for start in range(0, len(wanted), PARALLEL):
            readings += self._few(wanted[start : start + PARALLEL], alive, mark)
            alive()
        return readings

    def _few(self, wanted: Sequence[Wanted], alive: Alive, mark: str) -> list[Reading | None]:
        """Rows are written here; only the waiting for replies is done in threads, which touch no database."""
        found: list[Reading | None] = [None] * len(wanted)
        under_way: list[tuple[int, Call, JudgeCall, Future[Reply]]] = []
        with ThreadPoolExecutor(PARALLEL) as pool:
            try:
                for place, (item, call) in enumerate(wanted):
                    new = replace(
                        _new(self._key(call, mark), self.judge, item, call), at_most=self._at_most(call)
                    )
                    begun = begin_call(new=new, allowance=self.allowance)
                    if isinstance(begun, Wait) and under_way:
                        # What our own calls hold back may be all that is in the way.
                        self._collect(under_way, found)
                    row = begun if isinstance(begun, JudgeCall) else self._begin(new, alive)
                    if row.state == CallState.ANSWERED:
                        found[place] = reading_from(row.reading)
                    else:
                        under_way.append((place, call, row, pool.submit(self._send, call)))
            finally:
                # Whatever stands in the way of the next one, replies that were paid for are kept.
                self._collect(under_way, found)
        return found

    def _collect(
        self, under_way: list[tuple[int, Call, JudgeCall, Future[Reply]]], found: list[Reading | None]
    ) -> None:
        trouble: Exception | None = None
        while under_way:
            place, call, row, reply = under_way.pop(0)
            try:
                found[place] = self._keep(call, row, reply)
            except (EndpointUnavailable, EndpointNonsense) as failed:
                trouble = trouble or failed
        if trouble is not None:
            raise trouble

    def _begin(self, new: NewCall, alive: Alive) -> JudgeCall:
        """The call's row, as soon as caps and rate allow it. Raises EndpointUnavailable where that is not
        soon."""
        deadline = time.monotonic() + LONGEST_NAP
        while True:
            begun = begin_call(new=new, allowance=self.allowance)
            if isinstance(begun, JudgeCall):
                return begun
            if begun.resting or time.monotonic() + begun.seconds > deadline:
                raise EndpointUnavailable(begun.reason, retry_after=begun.seconds, resting=begun.resting)
            time.sleep(min(begun.seconds, NAP))
            alive()

    def _send(self, call: Call) -> Reply:
        from workers.runtime.endpoint import chat

        return chat(
            self._endpoint(),
            [{"role": "user", "content": call.text}],
            temperature=self.spec.temperature,
            top_p=1.0,
            max_tokens=1 if self.spec.logprobs else REPLY_TOKENS[self.spec.reply],
            seed=call.sample,
            logprobs=self.spec.logprobs,
        )

    def _keep(self, call: Call, row: JudgeCall, reply: Future[Reply]) -> Reading | None:
        from workers.runtime.dialling import Lost

        try:
            got = reply.result()
        except EndpointNonsense as failed:
            if failed.answered:
                # It was asked and answered something: kept as a reply that says nothing.
                keep_reply(call=row, allowance=self.allowance, told=Told(reply=str(failed)))
                return None
            lose_call(call=row, allowance=self.allowance, error=str(failed), charged=False)
            raise
        except EndpointUnavailable as failed:
            sent = isinstance(failed, Lost) and failed.sent
            lose_call(call=row, allowance=self.allowance, error=str(failed), charged=sent)
            raise
        reading = self._read(call, got)
        stored = {"shares": reading.shares, "mass": reading.mass} if reading else None
        if stored is not None and got.logprobs is not None:
            stored["logprobs"] = dict(got.logprobs)
        keep_reply(
            call=row,
            allowance=self.allowance,
            told=Told(got.text, stored, got.prompt_tokens, got.tokens, got.seconds),
        )
        return reading

    def _read(self, call: Call, got: Reply) -> Reading | None:
        if self.spec.logprobs and got.logprobs:
            return read_logprobs(got.logprobs, call.labels)
        return read_text(got.text, call.labels, reply=self.spec.reply)

    def _endpoint(self) -> Endpoint:
        from workers.runtime.endpoint import Endpoint

        return Endpoint(
            url=self.spec.url,
            model=self.spec.model,
            key=self.key,
            timeout=settings.WINNOW_ENDPOINT_SECONDS,
            allowed=tuple(settings.WINNOW_PRIVATE_ENDPOINTS),
        )

    def _at_most(self, call: Call) -> int:
        """A token is a byte at least, so bytes bound what will be read."""
        read = len(call.text.encode()) + TURNS
        return price_of(self.allowance, tokens_in=read, tokens_out=REPLY_TOKENS[self.spec.reply])

    def _key(self, call: Call, mark: str) -> str:
        spec = self.spec
        sampling = [spec.temperature, call.sample, spec.logprobs, spec.reply]
        return content_key("endpoint", spec.url, spec.model, sampling, call.text, call.labels, mark)


def reading_from(stored: dict[str, Any] | None) -> Reading | None:
    return Reading(stored["shares"], stored["mass"]) if stored else None


def _new(key: str, judge: Judge, item: Item | None, call: Call) -> NewCall:
    return NewCall(key=key, judge=judge, item=item, question=call.question, part=call.part, shown=call.shown)


def backend_for(judge: Judge, spec: JudgeSpec, allowance: Allowance) -> Backend:
    return (
        EndpointBackend(judge, spec, allowance) if spec.backend == "endpoint" else LocalBackend(judge, spec)
    )
