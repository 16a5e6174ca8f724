"""Boring rows for tests, made through the services wherever there is one."""

from __future__ import annotations

import itertools
import json

_numbers = itertools.count(1)


def make_user(name=None, **fields):
    from django.contrib.auth.models import User

    return User.objects.create_user(
        username=name or f"user{next(_numbers)}", password="a good password", **fields
    )


def make_project(*, overlap=1, seed=7, lease_minutes=10, **fields):
    from annotate.services.projects import create_project

    name = fields.pop("name", f"Project {next(_numbers)}")
    project = create_project(
        name=name, overlap=overlap, seed=seed, guidelines="Prefer what is true.", **fields
    )
    if lease_minutes != project.lease_minutes:
        project.lease_minutes = lease_minutes
        project.save(update_fields=["lease_minutes"])
    return project


def make_member(project, *, role="annotator", name=None):
    from annotate.services.projects import add_member

    user = make_user(name)
    add_member(project=project, user=user, role=role)
    return user


def make_judge(project, *, name=None):
    """A person of the project, as a judge."""
    from annotate.services.judges import judge_of

    return judge_of(project=project, user=make_member(project, name=name))


def make_model_judge(project, *, name="a model", version="1"):
    from annotate.services.judges import model_judge

    return model_judge(project=project, name=name, version=version, settings={})


def make_item(
    project, *, prompt=None, texts=("first response", "second response"), seats=0, external_id=None
):
    """An item with its candidates; ``seats`` opens it for that many people."""
    from annotate.keys import content_key, prompt_key, text_key
    from annotate.models import Candidate, Item

    number = next(_numbers)
    turns = [{"role": "user", "content": prompt or f"prompt {number}"}]
    item = Item.objects.create(
        project=project,
        key=content_key("item", number, turns, list(texts)),
        external_id=external_id or f"item-{number}",
        group_key=prompt_key(turns),
        prompt=turns,
        seats_wanted=seats,
    )
    Candidate.objects.bulk_create(
        Candidate(
            item=item,
            position=position,
            text=text,
            text_hash=text_key(text),
            origin="imported",
            origin_key=content_key("imported", position),
        )
        for position, text in enumerate(texts)
    )
    return item


def make_items(project, count, **fields):
    return [make_item(project, **fields) for _ in range(count)]


def make_lease(item, judge, *, seated=False, order=(0, 1)):
    from annotate.services.assignments import lease_item
    from annotate.services.seats import take_seat

    if seated:
        assert take_seat(item_id=item.pk)
    return lease_item(item=item, judge=judge, order=list(order), seated=seated)


def make_judgment(item, judge, preference, *, seated=False, order=(0, 1)):
    from annotate.services.judgments import record_judgment

    lease = make_lease(item, judge, seated=seated, order=order)
    return record_judgment(assignment=lease, token=lease.lease_token, answers={"preference": preference})


def make_answers(item, judge, answers, *, order=None, **more):
    """A judgment with any answers, told about the candidates as stored."""
    from annotate.services.judgments import record_judgment

    lease = make_lease(item, judge, order=order or range(item.candidates.count()))
    return record_judgment(assignment=lease, token=lease.lease_token, answers=answers, **more)


def ask_preset(project, name):
    """Let the project ask what a preset asks, instead of what it asked."""
    from annotate.models import Question
    from annotate.questions.presets import PRESETS

    preset = PRESETS[name]
    project.questions.all().delete()
    for position, question in enumerate(preset.questions):
        Question.objects.create(project=project, position=position, **question)
    project.consistency, project.settling = list(preset.consistency), dict(preset.settling)
    project.flow |= dict(preset.flow)
    project.overlap, project.overlap_max = preset.overlap, preset.overlap_max
    project.save()
    return project


def item_line(number, **fields):
    """One line of our own import shape."""
    return {
        "id": f"row-{number}",
        "prompt": f"prompt {number}",
        "candidates": [{"text": f"first {number}"}, {"text": f"second {number}"}],
    } | fields


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make_png(word="", *, size=(8, 6)):
    """A picture as a PNG file; another word makes another picture."""
    from io import BytesIO
    from zlib import crc32

    from PIL import Image

    out = BytesIO()
    colour = crc32(word.encode()) & 0xFFFFFF
    Image.new("RGB", size, (colour >> 16, colour >> 8 & 255, colour & 255)).save(out, "PNG")
    return out.getvalue()
